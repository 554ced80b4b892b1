import { Type } from 'typebox';
import { oneOf } from '../../schemas.ts';

export const ServiceView = Type.Object({
  name: Type.Literal('retry-orchestrator'),
  version: Type.String(),
  authentication: oneOf('none', 'tokens', 'oidc', 'tokens and oidc'),
  you: Type.Object({
    name: Type.String({ description: '`anonymous` without a token.' }),
    scopes: Type.Array(oneOf('gate', 'read', 'operate'), { description: 'What you may.' }),
  }),
});

import { Type } from 'typebox';
import { nullable, oneOf } from '../../schemas.ts';

export const ServiceView = Type.Object({
  name: Type.Literal('retry-orchestrator'),
  version: Type.String(),
  environment: nullable(Type.String({ description: 'As `environment` of the configuration has it.' })),
  authentication: oneOf('none', 'tokens', 'oidc', 'tokens and oidc'),
  you: Type.Object({
    name: Type.String({ description: '`anonymous` without a token.' }),
    scopes: Type.Array(oneOf('gate', 'read', 'operate'), { description: 'What you may.' }),
  }),
});

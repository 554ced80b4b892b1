import { Type } from 'typebox';
import { LOG_LEVELS } from '../../../log-level.ts';
import { nullable, oneOf, Reason } from '../../schemas.ts';

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

const Level = oneOf(...LOG_LEVELS);

export const LogLevelBody = Type.Object({
  level: Level,
  for: Type.Optional(
    Type.String({
      description:
        'After that it falls back to the configured level: `15m`, at most `24h`. Without it the level stays until the process ends.',
    }),
  ),
  reason: Reason,
});

export const LogLevelView = Type.Object({
  level: Level,
  configured: Level,
  until: nullable(Type.Integer({ description: 'Epoch ms; null: until the process ends.' })),
});

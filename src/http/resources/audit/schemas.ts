import { Type } from 'typebox';
import { nullable } from '../../schemas.ts';

export const AuditQuery = Type.Object({
  route: Type.Optional(Type.String()),
  action: Type.Optional(Type.String({ description: '`park`, `redrive`, ….' })),
  who: Type.Optional(
    Type.String({ description: 'The name of a token, the subject of a JWT, or `anonymous`.' }),
  ),
  since: Type.Optional(
    Type.String({ description: 'A time like `2026-11-21T18:00:00Z`, or how long ago: `30m`, `24h`.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: '100 unless given.' })),
  cursor: Type.Optional(
    Type.String({ pattern: '^\\d{1,15}-\\d{1,15}$', description: 'As the page before gave it.' }),
  ),
});

/** Its shape depends on the action. */
const Anything = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  additionalProperties: true,
});

export const AuditPage = Type.Object({
  deeds: Type.Array(
    Type.Object({
      id: Type.String(),
      at: Type.Integer({ description: 'Epoch ms.' }),
      who: Type.String(),
      address: Type.String({ description: 'Where the call came from.' }),
      requestId: Type.String({ description: '`x-request-id` of the answer.' }),
      action: Type.String(),
      route: Type.String(),
      target: Anything,
      reason: Type.String(),
      result: Anything,
    }),
    { description: 'The newest first.' },
  ),
  cursor: nullable(
    Type.String({ description: 'null: there are no more. A page may be short and have a cursor.' }),
  ),
});

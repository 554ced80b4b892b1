import { Type } from 'typebox';
import type { RouteConfig } from '../../../config/config.ts';
import { nullable, oneOf } from '../../schemas.ts';

export const RouteView = Type.Object({
  name: Type.String(),
  config: Type.Unsafe<RouteConfig>({
    type: 'object',
    additionalProperties: true,
    description: 'The configuration in force: durations in ms, sizes in bytes.',
  }),
  status: oneOf('ok', 'degraded'),
  partitions: Type.Integer({ description: '0 until Kafka has said how many there are.' }),
  totals: Type.Object({
    lockedKeys: Type.Integer(),
    heldMessages: Type.Integer(),
    heldBytes: Type.Integer(),
    inFlight: Type.Integer(),
    parked: Type.Integer(),
    oldestLockAgeMs: nullable(Type.Integer()),
    deadLetters: nullable(Type.Integer({ description: 'null: Kafka does not say.' })),
  }),
  shards: Type.Array(Type.Object({ partition: Type.Integer(), restored: Type.Boolean() }), {
    description: 'Those that this replica owns.',
  }),
  problems: Type.Array(Type.String(), {
    description: 'Why it is degraded and what to do about it, one line each.',
  }),
});

export const RouteList = Type.Object({ routes: Type.Array(RouteView) });

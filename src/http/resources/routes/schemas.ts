import { Type } from 'typebox';
import type { RouteConfig } from '../../../config/config.ts';
import { nullable, oneOf, Reason } from '../../schemas.ts';

const Imposed = {
  since: nullable(Type.Integer({ description: 'Epoch ms.' })),
  reason: nullable(Type.String()),
};

export const RouteView = Type.Object({
  name: Type.String(),
  config: Type.Unsafe<RouteConfig>({
    type: 'object',
    additionalProperties: true,
    description: 'The configuration in force: durations in ms, sizes in bytes.',
  }),
  status: oneOf('ok', 'degraded'),
  paused: Type.Object(
    { is: Type.Boolean(), ...Imposed },
    { description: 'Paused, nothing is redelivered or dead-lettered; failures go on being recorded.' },
  ),
  breaker: Type.Object(
    {
      state: oneOf('closed', 'half-open', 'open'),
      ...Imposed,
      cause: Type.Union([oneOf('operator', 'failures', 'locked-keys'), Type.Null()]),
      detail: nullable(Type.String({ description: 'The figures behind the reason.' })),
    },
    {
      description:
        'Open, new failures stop their partition, and redelivery falls to a few probes (not where the cause is `locked-keys`). Half-open: probes succeed.',
    },
  ),
  redelivery: Type.Object(
    {
      perSecond: Type.Number({
        description: 'The rate of the route in force, as this replica has it; 0: paused.',
      }),
      maxPerSecond: Type.Integer(),
      growth: oneOf('doubling', 'adding'),
      probes: nullable(
        Type.Integer({ description: 'The breaker is open: so many attempts at once instead.' }),
      ),
    },
    { description: 'How fast messages are redelivered now.' },
  ),
  backpressure: Type.Object(
    {
      state: oneOf('inline', 'left-out', 'stopped'),
      since: nullable(Type.Integer({ description: 'Epoch ms.' })),
      why: nullable(Type.String()),
    },
    {
      description:
        'How much of new messages goes into Redis, as this replica sees it: all; headers and values stay in Kafka; or the retry topic is read no further. Redelivery goes on in each.',
    },
  ),
  partitions: Type.Integer({ description: '0 until Kafka has said how many there are.' }),
  totals: Type.Object({
    lockedKeys: Type.Integer(),
    heldMessages: Type.Integer(),
    heldBytes: Type.Integer(),
    inFlight: Type.Integer(),
    parked: Type.Integer(),
    oldestLockAgeMs: nullable(Type.Integer()),
    deadLetters: nullable(Type.Integer({ description: 'Open ones; null: their index is being read anew.' })),
  }),
  shards: Type.Array(Type.Object({ partition: Type.Integer(), restored: Type.Boolean() }), {
    description: 'Those that this replica owns.',
  }),
  problems: Type.Array(Type.String(), {
    description: 'Why it is degraded and what to do about it, one line each.',
  }),
});

export const SwitchBody = Type.Object({ reason: Reason });

export const BreakerBody = Type.Object({
  state: oneOf('open', 'closed'),
  reason: Reason,
});

export const Switched = Type.Object({
  outcome: oneOf('done', 'unchanged'),
  paused: RouteView.properties.paused,
  breaker: RouteView.properties.breaker,
});

export const RouteList = Type.Object({ routes: Type.Array(RouteView) });

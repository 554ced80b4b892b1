import type { Static } from 'typebox';
import type { Clock } from '../../../clock.ts';
import { OrchestratorError } from '../../../errors.ts';
import type { Totals } from '../../../penalty-box/operator-box.ts';
import { isProbing } from '../../../protection/breaker.ts';
import type { OpenBreaker } from '../../../protection/breaker.ts';
import type { ControlState } from '../../../protection/route-control.ts';
import type { RouteDesk } from '../../route-desk.ts';
import type { RouteView } from './schemas.ts';

export async function viewRoute(desk: RouteDesk, clock: Clock): Promise<Static<typeof RouteView>> {
  const { config } = desk;
  const partitions = desk.partitionCount();
  const ordered = config.ordering === 'key';
  const [figures, deadLetters] = await Promise.all([
    Promise.all(Array.from({ length: partitions }, (_, partition) => totalsOf(desk, partition))),
    desk.deadLetterCount().catch(() => null),
  ]);
  const sum = (figure: keyof Totals): number =>
    figures.reduce((total, totals) => total + (totals?.[figure] ?? 0), 0);
  const oldest = figures.reduce(
    (least, totals) => Math.min(least, totals?.oldestSince ?? Infinity),
    Infinity,
  );
  const problems = [
    ...desk.problems(),
    ...figures.flatMap((totals, partition) =>
      totals === null ? [`partition ${partition} is being restored: the totals are without it`] : [],
    ),
  ];
  return {
    name: config.name,
    config,
    status: problems.length === 0 ? 'ok' : 'degraded',
    ...controlFields(desk.control.state),
    redelivery: redeliveryFields(desk),
    backpressure: desk.backpressure(),
    partitions,
    totals: {
      // Without ordering a message that waits locks nothing but itself.
      lockedKeys: ordered ? sum('lockedKeys') : 0,
      heldMessages: sum('heldMessages'),
      heldBytes: sum('heldBytes'),
      inFlight: sum('inFlight'),
      parked: sum('parked'),
      oldestLockAgeMs: !ordered || oldest === Infinity ? null : Math.max(0, clock.now() - oldest),
      deadLetters,
    },
    shards: desk.shards().map(({ partition, restored }) => ({ partition, restored })),
    problems,
  };
}

/** What operators have switched, as JSON gives it. */
export function controlFields({
  paused,
  breaker,
}: ControlState): Pick<Static<typeof RouteView>, 'paused' | 'breaker'> {
  const nobody = { since: null, reason: null };
  return {
    paused: { is: paused !== null, ...(paused ?? nobody) },
    breaker: breakerFields(breaker),
  };
}

function breakerFields(breaker: OpenBreaker | null): Static<typeof RouteView>['breaker'] {
  if (breaker === null) return { state: 'closed', since: null, reason: null, cause: null, detail: null };
  const { state, since, reason, cause, detail } = breaker;
  return { state, since, reason, cause, detail };
}

function redeliveryFields({ rate, control, config }: RouteDesk): Static<typeof RouteView>['redelivery'] {
  const { paused, breaker } = control.state;
  const { probes } = config.breaker;
  return {
    perSecond: paused === null ? rate.perSecond : 0,
    maxPerSecond: config.redelivery.maxPerSecond,
    growth: rate.growth,
    probes: isProbing(breaker) ? probes : null,
  };
}

async function totalsOf(desk: RouteDesk, partition: number): Promise<Totals | null> {
  return desk.operator.totals(partition).catch((error: unknown) => {
    if (error instanceof OrchestratorError && error.code === 'NOT_READY') return null;
    throw error;
  });
}

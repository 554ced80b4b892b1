import type { Static } from 'typebox';
import type { Clock } from '../../../clock.ts';
import type { Position } from '../../../explanation/facts.ts';
import type { App, AppContext } from '../../app-context.ts';
import { partitionsOf } from '../../desks.ts';
import type { RouteDesk } from '../../route-desk.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { PartitionList } from './schemas.ts';

type Fields = Static<typeof PartitionList>['partitions'][number];

export function partitionRoutes(app: App, { desks, clock }: AppContext): void {
  app.get(
    '/v1/routes/:route/partitions',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['routes'],
        operationId: 'listPartitions',
        summary: 'What each partition of a route holds, and who works on it',
        params: RouteParams,
        response: { 200: PartitionList, ...errorAnswers },
      },
    },
    async ({ params }) => {
      const desk = desks.of(params.route);
      // Kafka answers for all partitions at once, or for none.
      const [retryEnds, positions] = await Promise.all([
        desk.retryEnds().catch(() => null),
        desk.positions().catch(() => null),
      ]);
      const partitions = await Promise.all(
        partitionsOf(desk, undefined).map((partition) =>
          viewPartition(desk, partition, clock, {
            retryEnd: retryEnds?.get(partition) ?? null,
            position: positions?.get(partition) ?? null,
          }),
        ),
      );
      return { partitions };
    },
  );
}

/** What does not answer is left open. */
async function viewPartition(
  desk: RouteDesk,
  partition: number,
  clock: Clock,
  { retryEnd, position }: { readonly retryEnd: number | null; readonly position: Position | null },
): Promise<Fields> {
  const [totals, claimed] = await Promise.all([
    desk.operator.totals(partition).catch(() => null),
    desk.operator.claimant(partition).catch(() => null),
  ]);
  const ordered = desk.config.ordering === 'key';
  const { oldestSince = null } = totals ?? {};
  return {
    partition,
    owned: desk.shards().some((shard) => shard.partition === partition),
    restored: totals !== null,
    lockedKeys: ordered ? (totals?.lockedKeys ?? null) : 0,
    heldMessages: totals?.heldMessages ?? null,
    heldBytes: totals?.heldBytes ?? null,
    pending: totals?.pending ?? null,
    inFlight: totals?.inFlight ?? null,
    parked: totals?.parked ?? null,
    dueNow: totals?.dueNow ?? null,
    oldestLockAgeMs: !ordered || oldestSince === null ? null : Math.max(0, clock.now() - oldestSince),
    ingestLag: totals === null || retryEnd === null ? null : Math.max(0, retryEnd - totals.cursor),
    consumerLag:
      typeof position?.committed === 'number' ? Math.max(0, position.end - position.committed) : null,
    claimant: claimantOf(claimed, desk.config.claimTtl),
  };
}

function claimantOf(
  claimed: Awaited<ReturnType<RouteDesk['operator']['claimant']>> | null,
  claimTtl: number,
): Fields['claimant'] {
  if (!claimed?.claimant) return null;
  const { consumerId, renewedAt } = claimed.claimant;
  const renewedMsAgo = Math.max(0, Math.round(claimed.now - renewedAt));
  return { consumerId, renewedMsAgo, alive: renewedMsAgo < claimTtl };
}

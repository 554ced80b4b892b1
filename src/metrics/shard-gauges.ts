import type { Registry } from 'prom-client';
import { collectedGauges } from './collected-gauge.ts';
import type { Definition } from './definition.ts';
import { shardDefinitions } from './shard-definitions.ts';

/**
 * What the owner of a shard knows of it. The fields are read anew at each scrape: an object with getters is always up to
 * date.
 */
export interface ShardReadings {
  /** Its state is there. */
  readonly restored: boolean;
  readonly locksHeld: number;
  /** 0 without locks. */
  readonly oldestLockAgeSeconds: number;
  readonly deadLetterDepth: number;
  readonly heldMessages: number;
  readonly heldBytes: number;
  readonly inFlightMessages: number;
  readonly pendingMessages: number;
  readonly parkedKeys: number;
  readonly dueKeys: number;
  /** null, here and below: nobody knows. */
  readonly ingestLagMessages: number | null;
  readonly consumerLagMessages: number | null;
  readonly cursorDriftSeconds: number | null;
}

export interface ShardGauges {
  /** From now on this replica reports the shard: call it when the shard was taken over. */
  setShard(route: string, partition: number, readings: ShardReadings): void;
  /** Another replica reports it now, or nobody. Dropping what is not there is fine. */
  dropShard(route: string, partition: number): void;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const largest = (values: readonly number[]): number => Math.max(0, ...values);

/**
 * Gauges that are worked out of the shards at each scrape. A route is listed even while this replica owns none of its
 * shards; then its figures are 0, so that sums over the replicas are right at any moment.
 */
export function createShardGauges(
  routes: readonly string[],
  register: Registry,
  prefix: string,
): ShardGauges {
  const shardsOf = new Map(routes.map((route) => [route, new Map<number, ShardReadings>()]));

  const gauge = collectedGauges(register, prefix);
  const perRoute = (definition: Definition, value: (shards: readonly ShardReadings[]) => number): void => {
    gauge(definition, ['route'], (all) => {
      for (const [route, shards] of shardsOf) all.set({ route }, value([...shards.values()]));
    });
  };
  const perPartition = (definition: Definition, of: (shard: ShardReadings) => number | null): void => {
    gauge(definition, ['route', 'partition'], (all) => {
      for (const [route, shards] of shardsOf) {
        for (const [partition, shard] of shards) {
          const value = of(shard);
          if (value !== null) all.set({ route, partition: String(partition) }, value);
        }
      }
    });
  };
  const total = (definition: Definition, of: (shard: ShardReadings) => number): void => {
    perRoute(definition, (shards) => sum(shards.map(of)));
  };

  perRoute(shardDefinitions.shardsOwned, (shards) => shards.length);
  total(shardDefinitions.shardsRestoring, ({ restored }) => (restored ? 0 : 1));
  perRoute(shardDefinitions.oldestLockAge, (shards) =>
    largest(shards.map((shard) => shard.oldestLockAgeSeconds)),
  );
  total(shardDefinitions.locksHeld, (shard) => shard.locksHeld);
  total(shardDefinitions.deadLetterDepth, (shard) => shard.deadLetterDepth);
  total(shardDefinitions.heldMessages, (shard) => shard.heldMessages);
  total(shardDefinitions.heldBytes, (shard) => shard.heldBytes);
  total(shardDefinitions.inFlightMessages, (shard) => shard.inFlightMessages);
  total(shardDefinitions.pendingMessages, (shard) => shard.pendingMessages);
  total(shardDefinitions.parkedKeys, (shard) => shard.parkedKeys);
  total(shardDefinitions.dueKeys, (shard) => shard.dueKeys);
  perPartition(shardDefinitions.ingestLag, (shard) => shard.ingestLagMessages);
  perPartition(shardDefinitions.consumerLag, (shard) => shard.consumerLagMessages);
  gauge(shardDefinitions.cursorDrift, ['route'], (drift) => {
    for (const [route, shards] of shardsOf) {
      const known = [...shards.values()].flatMap(({ cursorDriftSeconds }) => cursorDriftSeconds ?? []);
      if (known.length > 0) drift.set({ route }, largest(known));
    }
  });

  return {
    setShard(route, partition, readings) {
      const shards = shardsOf.get(route);
      // Only what is configured becomes a label.
      if (shards === undefined) throw new Error(`no route is named ${route}`);
      shards.set(partition, readings);
    },
    dropShard(route, partition) {
      shardsOf.get(route)?.delete(partition);
    },
  };
}

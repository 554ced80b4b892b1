import { Gauge, type Registry } from 'prom-client';

import { type Definition, shardDefinitions } from './definitions.ts';

/**
 * What the owner of a shard knows of it. The fields are read anew at each scrape: an object with getters is always up to
 * date.
 */
export interface ShardReadings {
  readonly locksHeld: number;
  /** 0 without locks. */
  readonly oldestLockAgeSeconds: number;
  readonly deadLetterDepth: number;
  readonly heldMessages: number;
  readonly heldBytes: number;
  readonly inFlightMessages: number;
  readonly ingestLagMessages: number;
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

  const perRoute = (
    { name, help }: Definition,
    value: (shards: readonly ShardReadings[]) => number,
  ): void => {
    new Gauge({
      name: prefix + name,
      help,
      labelNames: ['route'],
      registers: [register],
      collect() {
        for (const [route, shards] of shardsOf) this.set({ route }, value([...shards.values()]));
      },
    });
  };
  const total = (definition: Definition, of: (shard: ShardReadings) => number): void => {
    perRoute(definition, (shards) => sum(shards.map(of)));
  };

  perRoute(shardDefinitions.shardsOwned, (shards) => shards.length);
  perRoute(shardDefinitions.oldestLockAge, (shards) =>
    largest(shards.map((shard) => shard.oldestLockAgeSeconds)),
  );
  total(shardDefinitions.locksHeld, (shard) => shard.locksHeld);
  total(shardDefinitions.deadLetterDepth, (shard) => shard.deadLetterDepth);
  total(shardDefinitions.heldMessages, (shard) => shard.heldMessages);
  total(shardDefinitions.heldBytes, (shard) => shard.heldBytes);
  total(shardDefinitions.inFlightMessages, (shard) => shard.inFlightMessages);

  new Gauge({
    name: prefix + shardDefinitions.ingestLag.name,
    help: shardDefinitions.ingestLag.help,
    labelNames: ['route', 'partition'],
    registers: [register],
    collect() {
      this.reset();
      for (const [route, shards] of shardsOf) {
        for (const [partition, shard] of shards) {
          this.set({ route, partition: String(partition) }, shard.ingestLagMessages);
        }
      }
    },
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

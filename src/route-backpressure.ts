import type { Config, RouteConfig } from './config/config.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import { Standstill } from './ownership/standstill.ts';
import type { StoppableShard } from './ownership/standstill.ts';
import type { Arrival } from './penalty-box/entry.ts';
import { Backpressure } from './protection/backpressure.ts';
import type { BackpressureState } from './protection/backpressure.ts';
import { rank } from './protection/pressure.ts';
import type { RedisServer } from './redis/server.ts';
import type { RedisServers } from './redis/servers.ts';
import { wakeChannel } from './redis/shard-keys.ts';

interface Deps {
  readonly config: Pick<Config, 'redis'>;
  readonly servers: RedisServers;
  /** The reading of a retry partition. */
  readonly pause: (partition: number) => void;
  readonly resume: (partition: number) => void;
  readonly metrics: Metrics;
  readonly nonce: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How much of the messages of one route goes into Redis, and whether its retry topic is read at all. */
export interface RouteBackpressure {
  readonly state: BackpressureState;
  /** Once a second: bytes that the route holds in Redis, and the servers with its shards. */
  look(heldBytes: number, holders: ReadonlySet<RedisServer>): void;
  /** This replica owns the shard from now on, */
  own(shard: StoppableShard): void;
  /** and does no more. */
  leave(partition: number): void;
  /** The partition is not to be read for lack of room. */
  stops(partition: number): boolean;
  /** The client was told to read the partition from somewhere, which ends a pause. */
  onSought(partition: number): void;
  /** Larger messages stay in the retry topic, bytes. */
  inlineUpTo(partition: number): number;
  /** These went into Redis. */
  onArrived(partition: number, arrivals: readonly Arrival[]): void;
  /** Redis has refused records for lack of memory. */
  onFull(partition: number): void;
}

/** What an entry takes in Redis besides its payload and its unit, about. */
const ENTRY_BYTES = 300;

export function createBackpressure(route: RouteConfig, deps: Deps): RouteBackpressure {
  const { config, servers, pause, resume, metrics, nonce, clock, logger } = deps;
  const { memory, keyPrefix } = config.redis;
  const standstills = new Map<number, Standstill>();
  const pressure = new Backpressure({
    // Without a gate only what is in the retry topic tells what succeeded: it is read as long as Redis takes it.
    margins: route.gate ? memory : { ...memory, stopAt: Infinity },
    heldBytes: route.limits.heldBytes,
    now: () => clock.now(),
    onChange: (level) => {
      metrics.backpressureState.set({ route: route.name }, rank(level));
    },
    logger,
  });
  const serverOf = (partition: number): RedisServer =>
    servers.serverOf(wakeChannel(keyPrefix, route.name, partition));
  const lookAt = (partition: number): void => {
    const stop = route.gate && pressure.levelOf(serverOf(partition)) === 'stopped';
    standstills
      .get(partition)
      ?.look(stop)
      .catch((err: unknown) => {
        logger.debug({ event: 'standstill_delayed', partition, err }, 'Redis was not told; telling it again');
      });
  };
  return {
    get state() {
      return pressure.state;
    },
    look: (heldBytes, holders) => {
      pressure.look(heldBytes, holders);
      for (const partition of standstills.keys()) lookAt(partition);
    },
    own: (shard) => {
      const { partition } = shard;
      const reading = {
        pause: () => {
          pause(partition);
        },
        resume: () => {
          resume(partition);
        },
      };
      standstills.set(partition, new Standstill(shard, { ...reading, nonce }));
    },
    leave: (partition) => {
      standstills.delete(partition);
    },
    stops: (partition) => standstills.get(partition)?.paused === true,
    onSought: (partition) => {
      standstills.get(partition)?.onSought();
    },
    inlineUpTo: (partition) => {
      // What is read to catch up is much at once.
      const room = standstills.get(partition)?.behind !== true;
      return room && pressure.levelOf(serverOf(partition)) === 'inline' ? route.payload.inlineUpTo : 0;
    },
    onArrived: (partition, arrivals) => {
      pressure.added(serverOf(partition), roomFor(arrivals));
      if (pressure.state.state === 'stopped' && standstills.get(partition)?.behind !== true)
        lookAt(partition);
    },
    onFull: (partition) => {
      if (!route.gate) return;
      pressure.refused(serverOf(partition));
      lookAt(partition);
    },
  };
}

function roomFor(arrivals: readonly Arrival[]): number {
  return arrivals.reduce((sum, { payload, unit }) => sum + payload.length + unit.length + ENTRY_BYTES, 0);
}

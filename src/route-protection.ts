import type { Audit } from './audit/audit.ts';
import type { Clock } from './clock.ts';
import type { Component } from './component.ts';
import { inOrder } from './component.ts';
import type { RouteConfig } from './config/config.ts';
import type { Range } from './kafka/offsets.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Blocking } from './penalty-box/gate-box.ts';
import { untilSlot } from './protection/block-slots.ts';
import { CircuitBreaker } from './protection/circuit-breaker.ts';
import { isProbing, takesOne } from './protection/breaker.ts';
import { OutcomeWindow } from './protection/outcome-window.ts';
import { Outcomes } from './protection/outcomes.ts';
import { ProbeGrants } from './protection/probe-grants.ts';
import { ProbePermits } from './protection/probe-permits.ts';
import { Progress } from './protection/progress.ts';
import { RedeliveryRate } from './protection/redelivery-rate.ts';
import { ReleaseLimit } from './protection/release-limit.ts';
import type { ShardLimit } from './protection/release-limit.ts';
import { RouteControl } from './protection/route-control.ts';
import { SharedTallies } from './protection/shared-tallies.ts';
import { Register } from './redis/register.ts';
import { controlKey } from './redis/shard-keys.ts';
import type { RedisServers } from './redis/servers.ts';

interface Deps {
  readonly servers: RedisServers;
  readonly keyPrefix: string;
  readonly metrics: Metrics;
  readonly audit: Pick<Audit, 'recordOwn'>;
  /** Of the route; 0 until Kafka has said how many there are. */
  readonly partitions: () => number;
  /** Shards that this replica owns. */
  readonly owned: () => number;
  readonly lockedKeys: () => number | null;
  /** Nothing may be redelivered now, for another reason. */
  readonly held: () => boolean;
  /** What waited may be released now. */
  readonly wake: () => void;
  readonly nonce: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Protection extends Component {
  readonly control: RouteControl;
  readonly outcomes: Outcomes;
  readonly rate: RedeliveryRate;
  /** A failure of a new key is refused for so long (ms); 0 = it is not. */
  blocking(partition: number): Blocking | null;
  /** The most messages of one key that may be on their way. */
  window(): number;
  limitOf(shard: number): ShardLimit;
  permitsOf(shard: number): ProbePermits;
  /** The group has committed so far. */
  committed(committed: ReadonlyMap<number, number>, ranges: ReadonlyMap<number, Range>): void;
}

/** Kafka did not say for so long how far the group is: what depends on it begins slowly again, ms. */
const OUTAGE = 5_000;

/** Puts together what protects the consumers of one route: circuit breaker, rate and ramp. */
export function createProtection(route: RouteConfig, deps: Deps): Protection {
  const { servers, keyPrefix, metrics, audit, partitions, nonce, clock, logger } = deps;
  const monotonic = (): number => clock.monotonic();
  const key = controlKey(keyPrefix, route.name);
  const now = (): number => servers.serverOf(key).clock.now();
  const at = { servers, keyPrefix, route: route.name };
  const { probes, keys, window: span } = route.breaker;
  const policy = { ...route.breaker, lockedKeys: route.limits.lockedKeys };
  const window = new OutcomeWindow(span, keys);
  const outcomes = new Outcomes({ window, amongFresh: route.redelivery.topic === null, monotonic });
  const grants = new ProbeGrants(at);
  const rate = new RedeliveryRate({ policy: route.redelivery, monotonic, logger });
  const progress = new Progress();
  let committedAt = monotonic();

  const control = new RouteControl({
    register: new Register({ servers, key }),
    clock,
    logger,
    onChange: ({ breaker }, before) => {
      metrics.breakerState.set({ route: route.name }, STATES[breaker?.state ?? 'closed']);
      if (breaker !== null || before.breaker === null) return;
      // What was seen until now opened it.
      window.reset();
      if (isProbing(before.breaker)) rate.restart('the circuit breaker has closed');
      deps.wake();
    },
  });
  const perSecond = (): number =>
    deps.held() || control.state.paused !== null
      ? 0
      : (rate.perSecond * Math.max(1, deps.owned())) / Math.max(1, partitions());
  const limit = new ReleaseLimit(monotonic, perSecond);
  const breaker = new CircuitBreaker({
    ...{ policy, control, window, outcomes, grants, rate, now, clock, logger },
    shared: new SharedTallies({ ...at, replica: nonce(), now, keys }),
    lockedKeys: deps.lockedKeys,
    onDeed: ({ action, reason, detail }) => {
      audit.recordOwn({ action, route: route.name, target: {}, reason, result: { detail } });
    },
    onLook: () => {
      metrics.releaseRateLimit.set({ route: route.name }, deps.owned() === 0 ? 0 : perSecond());
    },
  });
  return {
    ...inOrder([control, breaker]),
    ...{ control, outcomes, rate },
    blocking: (partition) => {
      const open = control.state.breaker;
      if (open === null) return null;
      const retryAfterMs = untilSlot(partition, partitions(), clock.now());
      return { retryAfterMs, takesOne: takesOne(open, now()) };
    },
    window: () => (route.gate && !isProbing(control.state.breaker) ? route.redelivery.window : 1),
    limitOf: (shard) => limit.of(shard),
    permitsOf: (shard) =>
      new ProbePermits({
        ...{ shard, grants, logger },
        breaker: () => control.state.breaker,
        // One place is left to the blocked records that consumers try.
        probes: route.gate ? Math.max(1, probes - 1) : probes,
      }),
    committed: (committed, ranges) => {
      const { records, lag } = progress.note(committed, ranges);
      window.committed(monotonic(), records);
      rate.lag(lag);
      if (monotonic() - committedAt > OUTAGE) rate.restart('Kafka was away');
      committedAt = monotonic();
    },
  };
}

const STATES = { closed: 0, 'half-open': 1, open: 2 };

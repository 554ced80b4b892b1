// The schedule of the nemesis, from the seed alone. What really happens may be later: a process that is still on its way
// back is not hit again.
import { hash, randomFrom } from '../../../dev/seeded-random.ts';
import { type FaultKind, faultKinds } from '../history.ts';

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly target: string;
  /** ms since the load began. */
  readonly atMs: number;
  /** For how long something is taken away or disturbed; what has to start again comes on top. */
  readonly forMs: number;
  /** ms of latency, or by which the wall clock jumps. */
  readonly amount: number;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

interface Recipe {
  readonly targets: readonly string[];
  readonly forMs: Range;
  readonly amount?: Range;
}

const range = (from: number, to: number): Range => ({ from, to });

export const services = ['service-1', 'service-2'];
export const consumers = ['consumer-1', 'consumer-2', 'consumer-3'];
export const brokers = ['kafka-1', 'kafka-2', 'kafka-3'];

// A target that is named twice is hit twice as often.
const someServices = [...services, ...services, 'all'];
const someConsumers = [...consumers, ...consumers, 'all'];
const someBrokers = [...brokers, 'all'];

const recipes: Record<FaultKind, Recipe> = {
  'service-killed': { targets: someServices, forMs: range(0, 6_000) },
  'service-stopped': { targets: someServices, forMs: range(7_000, 10_000) },
  'service-terminated': { targets: someServices, forMs: range(0, 3_000) },
  'consumer-killed': { targets: someConsumers, forMs: range(0, 4_000) },
  'consumer-stopped': { targets: consumers, forMs: range(3_000, 10_000) },
  'consumer-terminated': { targets: someConsumers, forMs: range(0, 3_000) },
  'redis-flushed': { targets: ['redis'], forMs: range(0, 0) },
  'redis-killed': { targets: ['redis'], forMs: range(0, 4_000) },
  'redis-restarted': { targets: ['redis'], forMs: range(0, 4_000) },
  'broker-killed': { targets: brokers, forMs: range(2_000, 10_000) },
  'redis-cut': { targets: ['redis'], forMs: range(500, 7_000) },
  'redis-silent': { targets: ['redis'], forMs: range(2_000, 14_000) },
  'redis-slow': { targets: ['redis'], forMs: range(4_000, 8_000), amount: range(20, 150) },
  'kafka-cut': { targets: someBrokers, forMs: range(500, 7_000) },
  'kafka-silent': { targets: someBrokers, forMs: range(2_000, 12_000) },
  'kafka-slow': { targets: someBrokers, forMs: range(4_000, 8_000), amount: range(20, 150) },
  'clock-jumped': {
    targets: someServices,
    forMs: range(3_000, 8_000),
    amount: range(-3_600_000, 3_600_000),
  },
  // A minute of ten; the amount says whether Redis comes back empty.
  'all-gone': { targets: ['all'], forMs: range(60_000, 60_000), amount: range(0, 1) },
  'rolling-restart': { targets: ['all'], forMs: range(45_000, 45_000) },
};

/** What nothing else happens beside: it hits everything, or it is about who goes on meanwhile. */
const apart = new Set<FaultKind>(['all-gone', 'rolling-restart']);
/** A shorter run has a shorter one. */
const GONE_SHARE = 0.12;

/** Time for everything to come up under load before the first fault. */
const BEFORE_MS = 5_000;
/** The end of the load is calm. */
const AFTER_MS = 12_000;
export const OVERLAPPING_SHARE = 0.3;
/** After so many faults there is a calm phase. */
const CALM_EVERY = 6;
const CALM_MS = 12_000;
/** A run that is shorter has no time for a restart of everything. */
const ROLLING_FROM_MS = 240_000;

export interface FaultPlan {
  readonly seed: number;
  readonly loadMs: number;
  /** Those to choose from; otherwise all. */
  readonly kinds?: readonly FaultKind[];
  /** The share of them that begins while the one before lasts. */
  readonly overlapping?: number;
}

export function faultsOf({
  seed,
  loadMs,
  kinds: all = faultKinds,
  overlapping = OVERLAPPING_SHARE,
}: FaultPlan): PlannedFault[] {
  const random = randomFrom(hash(`faults/${seed}`));
  const within = ({ from, to }: Range): number => Math.round(from + random() * (to - from));
  const faults: PlannedFault[] = [];
  let kinds: FaultKind[] = [];
  let begin = BEFORE_MS;
  let end = BEFORE_MS;
  for (;;) {
    // Each kind once before any comes again.
    if (kinds.length === 0) kinds = shuffled(all, random);
    const kind = kinds.pop()!;
    const { targets, forMs, amount = range(0, 0) } = recipes[kind];
    const isRolling = kind === 'rolling-restart';
    const isApart = apart.has(kind);
    // Once is enough, it takes so long.
    if (isRolling && (loadMs < ROLLING_FROM_MS || faults.some((fault) => fault.kind === kind))) continue;
    const last = faults.at(-1);
    const overlaps = !isApart && !(last !== undefined && apart.has(last.kind)) && random() < overlapping;
    const isCalm = faults.length % CALM_EVERY === CALM_EVERY - 1;
    if (overlaps) begin += within(range(200, 2_000));
    else begin = end + within(range(1_500, 6_000)) + (isCalm ? CALM_MS : 0);
    // What flows without the service is compared with what flowed before; and consumers need time to come back to it.
    if (kind === 'all-gone' && (loadMs >= ROLLING_FROM_MS || last?.kind === kind)) begin += CALM_MS;
    const duration =
      kind === 'all-gone' ? Math.min(within(forMs), Math.round(loadMs * GONE_SHARE)) : within(forMs);
    if (begin + duration > loadMs - AFTER_MS) return faults;
    const target = targets[Math.floor(random() * targets.length)]!;
    faults.push({ kind, target, atMs: begin, forMs: duration, amount: within(amount) });
    end = Math.max(end, begin + duration);
  }
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]!);
}

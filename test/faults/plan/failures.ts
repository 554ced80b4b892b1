// What fails, from the seed and the message alone: each consumer decides it by itself, in a process of its own.
import { hash, randomFrom } from '../../../dev/seeded-random.ts';
import { HOT_KEYS, KEYS, keyNamed, LARGE_BYTES, type MessageFacts, OVERSIZE_BYTES } from './load.ts';

export interface FailureOptions {
  readonly seed: number;
  readonly route: string;
  readonly loadMs: number;
}

const FAILING_SHARE = 0.03;

/** In each of these one key begins to fail for ever, and all messages fail for a while. */
const PERIOD_MS = 30_000;
const POISON_MS = 6_000;
const STORM_MS = 2_000;
/** What fails for ever takes all attempts, one message after the other. Later than this the run would have to wait for it. */
const POISON_UNTIL = 0.7;
const STORMS_UNTIL = 0.85;

/** How many attempts at a message fail before one succeeds. `mended`: what made messages fail for ever is gone. */
export function failuresOf(message: MessageFacts, options: FailureOptions, mended = false): number {
  const { key, seq, atMs, bytes } = message;
  const { seed, route, loadMs } = options;
  const period = Math.floor(atMs / PERIOD_MS);
  const inPeriod = atMs % PERIOD_MS;
  const random = randomFrom(hash(`failures/${seed}/${key}/${seq}`));
  if (atMs < loadMs * POISON_UNTIL && inPeriod < POISON_MS && key === poisonKey(options, period)) {
    return mended ? 1 : Infinity;
  }
  // It has to fail to be too large.
  if (bytes >= OVERSIZE_BYTES) return 1;
  if (atMs < loadMs * STORMS_UNTIL && isInStorm(inPeriod, hash(`storm/${seed}/${route}/${period}`))) {
    return random() < 0.7 ? 1 : 2;
  }
  if (bytes >= LARGE_BYTES && random() < 0.5) return 1;
  return random() < FAILING_SHARE ? 1 + Math.floor(random() * 3) : 0;
}

export function poisonKey({ seed, route }: FailureOptions, period: number): string {
  const chance = hash(`poison/${seed}/${route}/${period}`);
  // Never a hot key: dozens of messages that take all their attempts would last longer than the run.
  return keyNamed(route, HOT_KEYS + (chance % (KEYS - HOT_KEYS)));
}

function isInStorm(inPeriod: number, chance: number): boolean {
  const begin = POISON_MS + (chance % (PERIOD_MS - POISON_MS - STORM_MS));
  return inPeriod >= begin && inPeriod < begin + STORM_MS;
}

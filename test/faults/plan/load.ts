// What is sent to one route, and when, from the seed alone.
import { hash, randomFrom } from '../../../dev/seeded-random.ts';
import { MAX_MESSAGE_BYTES, PARTITIONS } from '../routes.ts';

/** What a message says of itself, in a header: its value may be anything. */
export interface MessageFacts {
  readonly key: string;
  /** From 1 within the key. */
  readonly seq: number;
  /** When it is to be sent, in ms since the load began. */
  readonly atMs: number;
  readonly bytes: number;
}

export interface PlannedMessage extends MessageFacts {
  readonly partition: number;
  /** A message without a key in Kafka. It is its own unit, so that it has a name in `key` that no other has. */
  readonly keyless: boolean;
}

export interface LoadOptions {
  readonly seed: number;
  readonly route: string;
  readonly loadMs: number;
  readonly perSecond: number;
}

export const KEYS = 60;
/**
 * Few keys with very many messages: when one of these is locked, a long queue builds up behind it. With more of them its
 * retries, one after the other, would take longer than the run.
 */
export const HOT_KEYS = 2;
const HOT_SHARE = 0.2;
const KEYLESS_SHARE = 0.03;
/** So large that the gate sends it to the retry topic without its value. */
export const LARGE_BYTES = 80 * 1024;
const LARGE_SHARE = 0.01;
/** So large that the main topic takes it, but not with the headers of a retry. */
export const OVERSIZE_BYTES = MAX_MESSAGE_BYTES - 300;
const OVERSIZE_SHARE = 0.004;

export function loadOf({ seed, route, loadMs, perSecond }: LoadOptions): PlannedMessage[] {
  const random = randomFrom(hash(`load/${seed}/${route}`));
  const sequences = new Map<string, number>();
  return Array.from({ length: Math.floor((loadMs / 1_000) * perSecond) }, (_, index) => {
    const keyless = random() < KEYLESS_SHARE;
    const key = keyless ? `${route}-keyless-${index}` : keyNamed(route, chooseKey(random));
    const seq = (sequences.get(key) ?? 0) + 1;
    sequences.set(key, seq);
    const partition = keyless ? Math.floor(random() * PARTITIONS) : hash(key) % PARTITIONS;
    return {
      ...{ key, seq, partition, keyless },
      atMs: Math.floor(((index + random()) * 1_000) / perSecond),
      bytes: chooseBytes(random),
    };
  });
}

export function keyNamed(route: string, index: number): string {
  return `${route}-${index}`;
}

function chooseKey(random: () => number): number {
  const isHot = random() < HOT_SHARE;
  return isHot ? Math.floor(random() * HOT_KEYS) : HOT_KEYS + Math.floor(random() * (KEYS - HOT_KEYS));
}

function chooseBytes(random: () => number): number {
  const chance = random();
  if (chance < OVERSIZE_SHARE) return OVERSIZE_BYTES;
  if (chance < OVERSIZE_SHARE + LARGE_SHARE) return LARGE_BYTES + Math.floor(random() * LARGE_BYTES);
  // 0 is a null value, a tombstone.
  return Math.floor(random() * 400);
}

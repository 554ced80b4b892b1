import type { Clock } from '../clock.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import type { OutgoingRecord, Send, SendResult } from '../kafka/send.ts';
import { copyWithoutValue } from './retry-copy.ts';
import type { TokenBucket } from './token-bucket.ts';

/** A dead letter and what is published for it. */
export interface Copy {
  readonly letter: DeadLetter;
  readonly record: OutgoingRecord;
  /** Where it is too large, its value may stay at its origin. */
  readonly valueMayStay: boolean;
}

export interface Published {
  readonly written: readonly Copy[];
  readonly tooLarge: readonly Copy[];
  /** Nobody knows whether these were written; the last reason that was heard. */
  readonly unknown: Error | null;
  /** Not sent, because it was told to stop. */
  readonly left: number;
}

interface Deps {
  readonly send: Send;
  readonly bucket: TokenBucket;
  /** False: nothing more may be sent. */
  readonly goesOn: () => boolean;
  readonly clock: Clock;
}

/** So many are given to the producer before it is asked again whether to go on. */
const CHUNK = 500;
/** A wait for the limit is cut into parts, to hear soon that it does not go on. */
const LONGEST_WAIT = 250;

/** Publishes copies in the order given, no faster than the bucket lets them, and waits for the end of each that it sent. */
export async function publish(
  copies: readonly Copy[],
  { send, bucket, goesOn, clock }: Deps,
): Promise<Published> {
  const written: Copy[] = [];
  const tooLarge: Copy[] = [];
  let unknown: Error | null = null;
  const ends: Promise<void>[] = [];

  const sendOne = async (copy: Copy): Promise<void> => {
    const { record } = copy;
    let result = await end(send, record);
    if (result.kind === 'too-large' && copy.valueMayStay) result = await end(send, copyWithoutValue(record));
    if (result.kind === 'written') written.push(copy);
    else if (result.kind === 'too-large') tooLarge.push(copy);
    else unknown = result.error;
  };

  let sent = 0;
  while (sent < copies.length && goesOn()) {
    const wanted = Math.min(CHUNK, copies.length - sent);
    const taken = bucket.take(wanted, clock.monotonic());
    for (const copy of copies.slice(sent, sent + taken)) ends.push(sendOne(copy));
    sent += taken;
    if (taken === 0) await clock.sleep(Math.min(bucket.wait(wanted), LONGEST_WAIT));
    // Whoever else has work in this process gets a turn between two chunks.
    else await new Promise(setImmediate);
  }
  await Promise.all(ends);
  return { written, tooLarge, unknown, left: copies.length - sent };
}

function end(send: Send, record: OutgoingRecord): Promise<SendResult> {
  return new Promise((resolve) => {
    send(record, () => record, resolve);
  });
}

/** By key, and within a key by origin: so they reach the box in their order, however they came to be dead letters. */
export function byKeyAndOrigin(a: DeadLetter, b: DeadLetter): number {
  return (
    compareKeys(a.key, b.key) ||
    (a.origin?.partition ?? -1) - (b.origin?.partition ?? -1) ||
    (a.origin?.offset ?? -1) - (b.origin?.offset ?? -1) ||
    a.position.partition - b.position.partition ||
    a.position.offset - b.position.offset
  );
}

function compareKeys(a: Buffer | null, b: Buffer | null): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  return Buffer.compare(a, b);
}

import type { DeadLetter, Position } from '../dead-letters/dead-letter.ts';
import { withoutBookkeeping } from '../domain/foreign/bookkeeping.ts';
import { HEADER } from '../domain/header-names.ts';
import { partitionOfKey } from '../domain/murmur2.ts';
import { placeHeaders } from '../domain/outgoing-headers.ts';
import type { OutgoingHeader } from '../domain/record.ts';
import type { OutgoingRecord } from '../kafka/send.ts';

/** What of a dead letter goes out again. */
export type Message = Pick<DeadLetter, 'key' | 'value' | 'applicationHeaders' | 'origin' | 'originTimestamp'>;

/** Where the copies of a redrive go. */
export interface Destination {
  readonly route: string;
  readonly topic: string;
  readonly retryTopic: string;
  /** Of the retry topic. */
  readonly partitions: number;
}

/** Names one copy: the same dead letter in another redrive has another id. */
export function copyId(redrive: string, { partition, offset }: Position): string {
  return `${redrive}/${partition}/${offset}`;
}

/** The dead letter that an id names, if it is one of this redrive's; else null. */
export function parseCopyId(id: string, redrive: string): Position | null {
  const match = /^([^/]+)\/(\d{1,9})\/(\d{1,15})$/.exec(id);
  return match?.[1] === redrive ? { partition: Number(match[2]), offset: Number(match[3]) } : null;
}

/**
 * A message as if it had never been tried: a retry record of attempt 0, under its origin, which is its place in the order of
 * its key. The application's own headers stay untouched.
 */
export function retryCopy(message: Message, at: Position, redrive: string, to: Destination): OutgoingRecord {
  const { key, value, origin, originTimestamp } = message;
  const headers: OutgoingHeader[] = withoutBookkeeping(message.applicationHeaders);
  const add = (name: string, text: string): unknown => headers.push([name, text]);
  if (origin === null) {
    add(HEADER.route, to.route);
  } else {
    headers.push(...placeHeaders(to.route, origin));
    add(HEADER.originOffset, String(origin.offset));
  }
  if (originTimestamp !== null) add(HEADER.originTimestamp, String(originTimestamp));
  add(HEADER.attempt, '0');
  add(HEADER.reason, 'failed');
  add(HEADER.redrive, copyId(redrive, at));
  return { topic: to.retryTopic, partition: retryPartition(message, at, to), key, value, headers };
}

/** The copy of a message that is too large for the retry topic: its value is read at its origin when it is due. */
export function copyWithoutValue(copy: OutgoingRecord): OutgoingRecord {
  return { ...copy, value: null, headers: [...copy.headers, [HEADER.value, 'origin']] };
}

/** Whether the message comes from the very partition that its retry partition belongs to. */
export function isAtHome({ origin }: Message, copy: OutgoingRecord, { topic }: Destination): boolean {
  return origin?.topic === topic && origin.partition === copy.partition;
}

function retryPartition({ key, origin }: Message, at: Position, { topic, partitions }: Destination): number {
  if (origin?.topic === topic && origin.partition < partitions) return origin.partition;
  return key === null ? at.partition % partitions : partitionOfKey(key, partitions);
}

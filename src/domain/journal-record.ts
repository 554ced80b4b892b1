import { HEADER } from './header-names.ts';
import { headerText } from './record.ts';
import type { Header, KafkaRecord, OutgoingHeader } from './record.ts';

/**
 * A record of the outcome journal: what happened to entries after they were appended, many in one record of the same retry
 * partition. It has no key; its header `x-retry-journal` holds the ownerEpoch of its writer.
 *
 * Layout of the value: a byte for the version, then the items, each u32 length + bytes. Items are opaque here.
 */
export interface JournalRecord {
  readonly ownerEpoch: number;
  readonly items: readonly Buffer[];
}

const VERSION = 1;
const WHOLE_NUMBER = /^[0-9]{1,15}$/;

export function journalHeaders(ownerEpoch: string): OutgoingHeader[] {
  return [[HEADER.journal, ownerEpoch]];
}

export function encodeJournal(items: readonly Buffer[]): Buffer {
  const out = Buffer.allocUnsafe(items.reduce((size, item) => size + 4 + item.length, 1));
  let at = out.writeUInt8(VERSION, 0);
  for (const item of items) {
    at = out.writeUInt32BE(item.length, at);
    at += item.copy(out, at);
  }
  return out;
}

export function isJournal(headers: readonly Header[]): boolean {
  return headers.some(([name]) => name === HEADER.journal);
}

/** What a journal record tells. Null: nobody of us wrote it, or it was cut. Never throws. */
export function readJournal({ headers, value }: KafkaRecord): JournalRecord | null {
  const epoch = headerText(headers, HEADER.journal) ?? '';
  if (!WHOLE_NUMBER.test(epoch) || value?.[0] !== VERSION) return null;
  const items: Buffer[] = [];
  for (let at = 1; at < value.length;) {
    if (at + 4 > value.length) return null;
    const end = at + 4 + value.readUInt32BE(at);
    if (end > value.length) return null;
    items.push(value.subarray(at + 4, end));
    at = end;
  }
  return { ownerEpoch: Number(epoch), items };
}

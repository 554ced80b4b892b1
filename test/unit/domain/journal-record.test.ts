import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeJournal, isJournal, journalHeaders, readJournal } from '../../../src/domain/journal-record.ts';
import type { Header, KafkaRecord } from '../../../src/domain/record.ts';

function record(value: Buffer | null, epoch = '17'): KafkaRecord {
  const headers = journalHeaders(epoch).map(([name, text]): Header => [name, Buffer.from(text)]);
  return { topic: 't', partition: 0, offset: 0, timestamp: 0, key: null, value, headers };
}

describe('a journal record', () => {
  const items = fc.array(fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)));

  test('gives back its items and the epoch of its writer', () => {
    fc.assert(
      fc.property(items, (written) => {
        const read = record(encodeJournal(written));
        expect(isJournal(read.headers)).toBe(true);
        expect(readJournal(read)).toEqual({ ownerEpoch: 17, items: written });
      }),
    );
  });

  test('that was cut is none', () => {
    fc.assert(
      fc.property(items, fc.nat(), (written, at) => {
        const whole = encodeJournal(written);
        const read = readJournal(record(whole.subarray(0, at % whole.length)));
        expect(read === null || read.items.length < written.length).toBe(true);
      }),
    );
  });

  test.each([
    ['no value', record(null)],
    ['another version', record(Buffer.from([2]))],
    ['rubbish for an epoch', record(encodeJournal([]), 'later')],
    ['a value that never ends', record(Buffer.from([1, 0xff, 0xff, 0xff, 0xff]))],
  ])('with %s is none', (_, read) => {
    expect(readJournal(read)).toBeNull();
  });
});

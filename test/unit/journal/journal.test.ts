import { describe, expect, test } from '@jest/globals';
import { readJournal } from '../../../src/domain/journal-record.ts';
import type { Header } from '../../../src/domain/record.ts';
import { Journal } from '../../../src/journal/journal.ts';
import type { OutgoingRecord, SendResult } from '../../../src/kafka/send.ts';
import { createLogger } from '../../../src/logger.ts';
import type { Noted } from '../../../src/penalty-box/owner-box.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const INTERVAL = 200;
const written: SendResult = { kind: 'written', offset: 1 };

/** A box that notes what it is told to, and a Kafka that answers as it is told to. */
function aJournal() {
  const clock = new FakeClock();
  const noted = new Map<string, Noted>();
  const records: string[][] = [];
  const refusals: string[] = [];
  let answer: (items: string[]) => SendResult = () => written;
  let takes = 0;
  let state: 'ok' | 'fenced' = 'ok';
  const journal = new Journal({
    box: {
      ownerEpoch: '17',
      journal: (limit, done) => {
        if (state === 'fenced') return Promise.resolve({ kind: 'fenced' });
        for (const { name } of done) noted.delete(name.toString());
        const next = [...noted.values()].slice(0, limit);
        return Promise.resolve({ kind: 'ok', nextDue: null, value: { left: noted.size, noted: next } });
      },
    },
    retryTopic: 'orders.retry',
    partition: 3,
    interval: INTERVAL,
    send: (_place, record, settle) => {
      const items = itemsOf(record());
      const result = answer(items);
      const end = (): void => {
        if (result.kind === 'written') records.push(items);
        settle(result);
      };
      if (takes === 0) end();
      else clock.after(takes, end);
    },
    onRefused: (refusal) => refusals.push(refusal),
    clock,
    logger: createLogger('silent'),
  });
  return {
    clock,
    journal,
    records,
    refusals,
    left: () => [...noted.keys()],
    note: (...names: string[]): void => {
      for (const name of names) {
        noted.set(name, { name: Buffer.from(name), version: Buffer.from('1'), item: Buffer.from(name) });
      }
    },
    answer: (next: typeof answer) => void (answer = next),
    /** Kafka takes so long to answer. */
    delay: (ms: number) => void (takes = ms),
    fence: () => void (state = 'fenced'),
  };
}

function itemsOf({ headers, ...record }: OutgoingRecord): string[] {
  const read = readJournal({
    ...{ ...record, partition: record.partition ?? -1, offset: 0, timestamp: 0 },
    headers: headers.map(([name, value]): Header => [name, Buffer.from(value as string)]),
  });
  expect([record.topic, record.partition, record.key, read?.ownerEpoch]).toEqual([
    'orders.retry',
    3,
    null,
    17,
  ]);
  return (read?.items ?? []).map(String);
}

describe('the journal', () => {
  test('is opened with an empty record', async () => {
    const { journal, records } = aJournal();
    await journal.open();
    expect(records).toEqual([[]]);
  });

  test('cannot be opened while Kafka takes nothing', async () => {
    const { journal, answer } = aJournal();
    answer(() => ({ kind: 'unknown', error: new Error('no broker') }));
    await expect(journal.open()).rejects.toThrow('no broker');
  });

  test('tells within an interval what is noted, and forgets it once Kafka has it', async () => {
    const { journal, clock, note, records, left } = aJournal();
    await journal.start();
    note('a', 'b');
    await clock.advance(INTERVAL);
    expect(records).toEqual([['a', 'b']]);
    await clock.advance(INTERVAL);
    expect({ records: records.length, left: left() }).toEqual({ records: 1, left: [] });
    await journal.stop();
    expect(clock.timers).toBe(0);
  });

  test('does not wait longer for the next round when one took long', async () => {
    const { journal, clock, note, records, delay } = aJournal();
    await journal.start();
    note('a');
    delay(INTERVAL / 4);
    await clock.advance(INTERVAL / 2);
    note('b');
    await clock.advance(INTERVAL / 2);
    expect(records).toEqual([['a']]);
    await clock.advance(INTERVAL / 4);
    expect(records).toEqual([['a'], ['b']]);
    await clock.advance(INTERVAL);
    await journal.stop();
  });

  test('tells again what Kafka may not have, and says that it is late', async () => {
    const { journal, clock, note, records, answer } = aJournal();
    await journal.start();
    note('a');
    answer(() => ({ kind: 'unknown', error: new Error('no broker') }));
    await clock.advance(10 * INTERVAL);
    expect(journal.late).toBe(false);
    await clock.advance(INTERVAL);
    expect(journal.late).toBe(true);
    answer(() => written);
    await clock.advance(INTERVAL);
    expect({ records, late: journal.late }).toEqual({ records: [['a']], late: false });
    await journal.stop();
  });

  test('writes more than 48 KiB in several records', async () => {
    const { journal, clock, note, records } = aJournal();
    await journal.start();
    const names = ['a', 'b', 'c'].map((name) => name.repeat(20_000));
    note(...names);
    await clock.advance(INTERVAL);
    expect(records.map((items) => items.length)).toEqual([2, 1]);
    await journal.stop();
  });

  test('leaves out only what is too large by itself', async () => {
    const { journal, clock, note, records, answer, left } = aJournal();
    await journal.start();
    note('a', 'large', 'c');
    answer((items) =>
      items.includes('large') ? { kind: 'too-large', error: new Error('too large') } : written,
    );
    await clock.advance(2 * INTERVAL);
    expect({ records, left: left() }).toEqual({ records: [['a'], ['c']], left: [] });
    await journal.stop();
  });

  test('is told to the end when it stops', async () => {
    const { journal, note, records, left } = aJournal();
    await journal.start();
    note('a');
    await journal.stop();
    expect({ records, left: left() }).toEqual({ records: [['a']], left: [] });
  });

  test('ends when another replica has taken over', async () => {
    const { journal, clock, fence, refusals } = aJournal();
    await journal.start();
    fence();
    await clock.advance(3 * INTERVAL);
    expect(refusals).toEqual(['fenced']);
    expect(clock.timers).toBe(0);
  });
});

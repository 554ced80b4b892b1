import { describe, expect, test } from '@jest/globals';
import { CarryForward } from '../../../src/carry-forward/carry-forward.ts';
import type { SendResult } from '../../../src/kafka/send.ts';
import { createLogger } from '../../../src/logger.ts';
import type { AgedEntry } from '../../../src/penalty-box/entry.ts';
import type { OwnerReply } from '../../../src/penalty-box/owner-box.ts';
import { encodePayload } from '../../../src/penalty-box/payload.ts';
import { headerText } from '../../../src/domain/record.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const HOUR = 3_600_000;
const HOME = { topic: 'orders', partition: 3 };

/** A shard with entries at these retry offsets, and a Kafka that answers as it is told to. */
function aShard(...offsets: number[]) {
  const clock = new FakeClock();
  const entries = new Map(offsets.map((offset) => [offset, entryAt(offset)]));
  const copies: (string | undefined)[] = [];
  const happened: string[] = [];
  const refusals: string[] = [];
  let end = 1_000;
  let answer = (): SendResult => ({ kind: 'written', offset: end++ });
  let young: (age: number) => number = () => 0;
  let refuses = false;
  let cursor = 900;
  let reading = true;
  let reached = (): Promise<void> => Promise.resolve();
  const ok = <Value>(value: Value): Promise<OwnerReply<Value>> =>
    Promise.resolve(refuses ? { kind: 'fenced' } : { kind: 'ok', value, nextDue: null });
  const carryForward = new CarryForward({
    box: {
      lagging: (before, page) => {
        const ids = [...entries.keys()].filter((offset) => offset < before).map((offset) => idOf(offset));
        return ok(page === '0' ? { page: '1', ids } : { page: '0', ids: ids.slice(0, 1) });
      },
      unitsByLock: () => Promise.resolve(new Map(offsets.map((offset) => [offset, unitOf(offset)]))),
      carry: (asked) => ok(asked.map(({ place }) => entries.get(place.readUIntBE(2, 6))!)),
      parks: (page) => {
        happened.push(`parks ${page}`);
        return ok(page === '0' ? '7' : '0');
      },
      parksTold: (offset) => {
        happened.push(`parks told from ${String(offset)}`);
        return ok(null);
      },
    },
    journal: {
      inTurn: async (task) => {
        happened.push('journal silent');
        const result = await task();
        happened.push('journal goes on');
        return result;
      },
      flush: () => Promise.resolve(true),
    },
    ingest: {
      get cursor() {
        return cursor;
      },
      reached: (offset) => {
        happened.push(`read up to ${String(offset)}`);
        return reached();
      },
    },
    reading: () => reading,
    policy: { age: HOUR, distance: 100 },
    to: { route: 'orders', retryTopic: 'orders.retry', home: HOME },
    send: ({ topic, partition }, record, settle) => {
      const { headers } = record();
      const result = answer();
      expect([topic, partition]).toEqual(['orders.retry', 3]);
      copies.push(
        headerText(
          headers.map(([name, value]) => [name, Buffer.from(value as string)]),
          'x-retry-carried',
        ),
      );
      settle(result);
    },
    content: {
      retryTopic: 'orders.retry',
      home: HOME,
      lend: () => Promise.resolve({ kind: 'gone' }),
      range: () => Promise.resolve({ first: 0, end: 0 }),
    },
    firstYoungerThan: (age) => Promise.resolve(young(age)),
    onRefused: (refusal) => refusals.push(refusal),
    clock,
    logger: createLogger('silent'),
  });
  return {
    ...{ clock, copies, happened, refusals, carryForward },
    answer: (next: typeof answer) => void (answer = next),
    youngest: (next: typeof young) => void (young = next),
    refuse: () => void (refuses = true),
    readTo: (next: number) => void (cursor = next),
    stopReading: () => void (reading = false),
    neverReach: () => void (reached = () => new Promise(() => undefined)),
    consider: async (checkpoint: number, more: { heldByParks?: boolean; end?: number } = {}) => {
      const findings = { checkpoint, held: entries.size, heldByParks: more.heldByParks ?? false };
      await carryForward.consider(findings, { first: 0, end: more.end ?? 1_000 });
    },
  };
}

function unitOf(offset: number): Buffer {
  return Buffer.from(`kkey-${String(offset)}`);
}

/** The lock's number, then the place. */
function idOf(offset: number): Buffer {
  const id = Buffer.alloc(14);
  id.writeUIntBE(offset, 0, 6);
  id.writeUIntBE(offset, 8, 6);
  return id;
}

function entryAt(offset: number): AgedEntry {
  const payload = encodePayload(
    {
      origin: { ...HOME, offset },
      ...{
        originTimestamp: null,
        key: null,
        value: null,
        valueAtOrigin: false,
        redrive: '',
        leftOut: null,
        headers: [],
      },
      ...{ errorClass: '', errorMessage: '' },
    },
    HOME,
  );
  return {
    ...{ unit: unitOf(offset), place: idOf(offset).subarray(6), retryOffset: offset, payload },
    ...{ attempt: 1, firstFailedAt: 0, wait: 0, unanswered: 0, errorClass: '', errorMessage: '' },
    ...{ fatal: false, malformed: false, announced: true },
  };
}

describe('old retry records are appended anew', () => {
  test('where too much lies behind them; the journal is silent until the copies have been read', async () => {
    const { consider, copies, happened } = aShard(10, 20, 990);
    await consider(10);
    expect(copies).toEqual(['10', '20']);
    expect(happened).toEqual(['journal silent', 'read up to 1002', 'journal goes on']);
  });

  test('where they are too old; that is asked four times an age', async () => {
    const { consider, copies, clock, youngest } = aShard(950, 970);
    youngest((age) => (age === HOUR ? 960 : 980));
    await consider(950);
    expect(copies).toEqual(['950', '970']);
    await consider(950);
    expect(copies).toHaveLength(2);
    await clock.advance(HOUR / 4);
    await consider(950);
    expect(copies).toHaveLength(4);
  });

  test('again, where nobody knows whether they were written', async () => {
    const { consider, copies, answer } = aShard(10);
    answer(() => ({ kind: 'unknown', error: new Error('no broker') }));
    await consider(10);
    await consider(10);
    expect(copies).toEqual(['10', '10']);
  });

  test('except what Kafka does not take: the others are, and the rest goes on', async () => {
    const { consider, answer, happened } = aShard(10, 20);
    const results: SendResult[] = [
      { kind: 'too-large', error: new Error('too large') },
      { kind: 'written', offset: 1_000 },
    ];
    answer(() => results.shift()!);
    await consider(10);
    expect(happened).toContain('read up to 1001');
  });

  test('not by a replica that does not own the shard any more', async () => {
    const { consider, copies, refuse, refusals } = aShard(10);
    refuse();
    await consider(10);
    expect([copies, refusals]).toEqual([[], ['fenced']]);
  });
});

describe('what tells of parked keys', () => {
  test('is told anew before the checkpoint may pass it, and not more often than every minute', async () => {
    const { consider, happened, clock } = aShard();
    await consider(990, { heldByParks: true });
    expect(happened).toEqual(['parks 0', 'parks 7', 'parks told from 900']);
    await clock.advance(59_999);
    await consider(990, { heldByParks: true });
    expect(happened).toHaveLength(3);
    await clock.advance(1);
    await consider(990, { heldByParks: true });
    expect(happened).toHaveLength(6);
  });

  test('is told at once where it holds back much', async () => {
    const { consider, happened } = aShard();
    await consider(990, { heldByParks: true });
    await consider(970, { heldByParks: true });
    expect(happened).toHaveLength(6);
  });
});

describe('where copies would not be read soon', () => {
  test('nothing is copied while much lies unread, or reading has stopped', async () => {
    const shard = aShard(1, 2, 3);
    shard.readTo(3_000);
    await shard.consider(0, { end: 4_001 });
    expect(shard.copies).toEqual([]);
    await shard.consider(0, { end: 4_000 });
    expect(shard.copies).toHaveLength(3);

    const stopped = aShard(1, 2, 3);
    stopped.stopReading();
    await stopped.consider(0);
    expect(stopped.copies).toEqual([]);
  });

  test('the journal goes on when reading stops with copies on their way', async () => {
    const shard = aShard(1, 2, 3);
    shard.neverReach();
    const considered = shard.consider(0);
    await shard.clock.advance(10_000);
    expect(shard.happened).not.toContain('journal goes on');
    shard.stopReading();
    await shard.clock.advance(10_000);
    await considered;
    expect(shard.happened.at(-1)).toBe('journal goes on');
  });
});

import { describe, expect, test } from '@jest/globals';
import type { KafkaRecord, Origin } from '../../../src/domain/record.ts';
import { keyUnit } from '../../../src/domain/unit.ts';
import type { Payload } from '../../../src/penalty-box/payload.ts';
import { contentOf } from '../../../src/redelivery/content.ts';
import type { Content } from '../../../src/redelivery/content.ts';

const HOME = { topic: 'orders', partition: 2 };
const ORIGIN = { ...HOME, offset: 5 };
const RETRY = { topic: 'orders.retry', partition: 2, offset: 30 };
const VALUE = Buffer.from('the whole value');

/** Its headers and its value were left in the retry topic. */
const LEFT_OUT: Payload = {
  ...{ origin: ORIGIN, originTimestamp: 1, key: null, value: null, valueAtOrigin: false, redrive: '' },
  ...{ leftOut: VALUE.length, headers: [], errorClass: 'Error', errorMessage: 'no' },
};

interface World {
  readonly payload?: Partial<Payload>;
  readonly there?: readonly KafkaRecord[];
  /** Of the retry partition. */
  readonly first?: number;
  readonly byReference?: boolean;
}

/** What was found, and how many leases are left open. */
async function read(world: World): Promise<{ content: Content; lent: number }> {
  const { payload = {}, there = [], first = 31, byReference = false } = world;
  let lent = 0;
  const lend = (place: Origin) => {
    const record = there.find(({ topic, offset }) => topic === place.topic && offset === place.offset);
    if (record === undefined) return Promise.resolve({ kind: 'gone' as const });
    lent++;
    const lease = {
      park: () => true,
      end: () => {
        lent--;
      },
    };
    return Promise.resolve({ kind: 'read' as const, record, lease });
  };
  const sources = {
    ...{ retryTopic: RETRY.topic, home: HOME, lend },
    range: () => Promise.resolve({ first, end: 100 }),
  };
  const stored = {
    unit: keyUnit(Buffer.from('a')),
    retryOffset: RETRY.offset,
    payload: { ...LEFT_OUT, ...payload },
  };
  const content = await contentOf(stored, sources, { byReference });
  if (content.kind === 'whole') content.lease.end();
  return { content, lent };
}

function record(place: Origin, value: Buffer | null = VALUE): KafkaRecord {
  const own = ['content-type', Buffer.from('json')] as const;
  const ours = ['x-retry-attempt', Buffer.from('1')] as const;
  return { ...place, timestamp: 1, key: Buffer.from('a'), value, headers: [own, ours] };
}

describe('a message that lies in the retry topic', () => {
  test('is read there, with the headers of the application alone', async () => {
    const { content, lent } = await read({ there: [record(RETRY)] });
    expect(content).toMatchObject({ payload: { value: VALUE, leftOut: null } });
    expect(content.kind === 'whole' && content.payload.headers.map(([name]) => name)).toEqual([
      'content-type',
    ]);
    expect(lent).toBe(0);
  });

  test('is taken from its origin, where retention was faster', async () => {
    const { content } = await read({ there: [record(ORIGIN)] });
    expect(content).toMatchObject({ payload: { value: VALUE } });
  });

  test.each<[what: string, world: World]>([
    ['is there no more either', {}],
    ['has another value by now', { there: [record(ORIGIN, Buffer.from('other'))] }],
    ['may have had another value', { there: [record(ORIGIN)], payload: { redrive: 'job/0/1' } }],
  ])('is gone where its origin %s', async (_what, world) => {
    expect(await read(world)).toEqual({ content: { kind: 'gone' }, lent: 0 });
  });

  test('is not gone while Kafka says that it is there: a reader that passed it over is asked again', async () => {
    await expect(read({ there: [record(ORIGIN)], first: 30 })).rejects.toThrow('passed over');
  });

  test('is nothing else that lies in its place', async () => {
    await expect(read({ there: [record(RETRY, Buffer.from('other'))] })).rejects.toThrow('another record');
  });
});

describe('a value that a consumer left at its origin', () => {
  const payload = { leftOut: null, valueAtOrigin: true };

  test('is read there', async () => {
    const { content, lent } = await read({ payload, there: [record(ORIGIN)] });
    expect(content).toMatchObject({ payload: { value: VALUE } });
    expect(lent).toBe(0);
  });

  test('stays there in a dead letter', async () => {
    const { content } = await read({ payload, byReference: true });
    expect(content).toMatchObject({ kind: 'whole', payload: { value: null, valueAtOrigin: true } });
  });

  test('may be gone, and nothing stays lent', async () => {
    const both = { leftOut: VALUE.length, valueAtOrigin: true };
    expect(await read({ payload: both, there: [record(RETRY, null)] })).toEqual({
      content: { kind: 'gone' },
      lent: 0,
    });
  });
});

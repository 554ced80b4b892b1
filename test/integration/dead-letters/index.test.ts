import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { summarise } from '../../../src/dead-letters/summary.ts';
import { IndexBench, GIVEN_UP } from '../../support/dead-letter-bench.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: IndexBench;
beforeEach(async () => {
  bench = await IndexBench.open(redisUrl);
});
afterEach(() => bench[Symbol.asyncDispose]());

async function indexed(): Promise<void> {
  await bench.take();
  await bench.read();
}

describe('an index', () => {
  test('lists what was read, the newest first, over all partitions', async () => {
    bench.append(0, { origin: 1 }, { origin: 4, errorClass: 'Bang', reason: 'fatal' });
    bench.append(1, { origin: 2 }, { origin: 3 });
    await indexed();
    await expect(bench.all()).resolves.toEqual(['0/1 open', '1/1 open', '1/0 open', '0/0 open']);
    await expect(bench.open()).resolves.toBe(4);
    expect((await bench.list())[0]).toEqual({
      ...{ position: { partition: 0, offset: 1 }, status: 'open', settled: null, copyOf: null },
      ...{ source: 'service', reason: 'fatal', errorClass: 'Bang', errorMessage: 'it broke', attempt: 7 },
      ...{ origin: { topic: 'main', partition: 0, offset: 4 }, redrive: null },
      ...{ deadLetteredAt: GIVEN_UP + 4, firstFailedAt: GIVEN_UP - 500 },
      ...{ key: Buffer.from('k'), keyBytes: 1, valueBytes: 1, keyAtOrigin: false, valueAtOrigin: false },
    });
  });

  test('is not known to be whole before it has been read to the end that was there', async () => {
    bench.append(0, { origin: 1 }, { origin: 2 });
    bench.append(1, { origin: 3 });
    await expect(bench.open()).resolves.toBeNull();
    await bench.take();
    await bench.readOne(bench.topic[0]![0]!);
    await bench.readOne(bench.topic[1]![0]!);
    await expect(bench.open()).resolves.toBeNull();
    await expect(bench.index.settledAmong(0, [0])).rejects.toMatchObject({ code: 'NOT_READY' });
    await expect(bench.index.settledAmong(1, [0])).resolves.toEqual(new Set());
    await bench.readOne(bench.topic[0]![1]!);
    await expect(bench.open()).resolves.toBe(3);
  });

  test('changes nothing where a record is read twice, or by two', async () => {
    bench.append(0, { origin: 1 }, { origin: 2 });
    await indexed();
    const record = bench.topic[0]![0]!;
    await expect(bench.readOne(record, 0)).resolves.toEqual({ kind: 'elsewhere', cursor: 2 });
    await expect(bench.all()).resolves.toEqual(['0/1 open', '0/0 open']);
    await expect(bench.open()).resolves.toBe(2);
  });

  test('passes what aborted transactions left', async () => {
    bench.append(0, { origin: 1 });
    bench.gap(0);
    bench.append(0, { origin: 2 });
    await indexed();
    await expect(bench.all()).resolves.toEqual(['0/2 open', '0/0 open']);
    await expect(bench.index.standings(0, [0, 1, 2, 3])).resolves.toEqual(
      new Map([
        [0, 'open'],
        [1, 'none'],
        [2, 'open'],
        [3, 'none'],
      ]),
    );
  });

  test("has nothing of another route's that shares the topic", async () => {
    bench.append(0, { origin: 1, route: 'another' }, { origin: 2 });
    await indexed();
    await expect(bench.all()).resolves.toEqual(['0/1 open']);
  });

  test('of a Redis that lost everything is the same again, what became of them included', async () => {
    bench.append(0, { origin: 1 }, { origin: 2 }, { origin: 3 });
    bench.append(1, { origin: 4 }, { origin: 4 }, { origin: 5, redrive: 'job/0/1' });
    await indexed();
    await bench.index.settle(0, [1], 'redriven', 'job');
    await bench.index.settle(1, [2], 'dismissed', 'request');
    await bench.read();
    const [rows, open, summary] = [
      await bench.list({ status: 'all' }),
      await bench.open(),
      await summarise(bench.scripts),
    ];
    expect(rows.map(({ status }) => status).sort()).toEqual([
      'dismissed',
      'duplicate',
      'open',
      'open',
      'open',
      'redriven',
    ]);
    expect(open).toBe(3);

    await bench.flush();
    await expect(bench.open()).resolves.toBeNull();
    await indexed();
    await expect(bench.list({ status: 'all' })).resolves.toEqual(rows);
    await expect(bench.open()).resolves.toBe(open);
    await expect(summarise(bench.scripts)).resolves.toEqual(summary);
  });

  test('of a server that is another one begins from nothing', async () => {
    bench.append(0, { origin: 1 }, { origin: 2 });
    await indexed();
    const [meta] = (await bench.keys()).filter((key) => key.endsWith(':meta'));
    await bench.redis.hset(meta!, 'incarnation', 'another:stamp');
    await expect(bench.open()).resolves.toBeNull();
    await expect(bench.readOne(bench.append(0, { origin: 3 })[0]!)).resolves.toEqual({ kind: 'lost' });
    await expect(bench.list()).rejects.toMatchObject({ code: 'NOT_READY' });
    await indexed();
    await expect(bench.all()).resolves.toEqual(['0/2 open', '0/1 open', '0/0 open']);
  });

  test.each([
    ['with another id', 'second'],
    ['that the broker has no ids for', ''],
  ])('of a topic that was made anew %s begins from nothing', async (_, id) => {
    if (id === '') bench.id = '';
    bench.append(0, { origin: 1 }, { origin: 2 });
    await indexed();
    bench.topic[0] = [];
    bench.id = id;
    bench.append(0, ...(id === '' ? [7] : [7, 8, 9]).map((origin) => ({ origin })));
    await indexed();
    const origins = (await bench.list()).map(({ origin }) => origin?.offset);
    expect(origins).toEqual(id === '' ? [7] : [9, 8, 7]);
    await expect(bench.open()).resolves.toBe(origins.length);
  });

  test('is not thrown away by one who looked at the end of the topic a while ago', async () => {
    bench.append(0, { origin: 1 }, { origin: 2 });
    const seen = { id: bench.id, ranges: bench.ranges };
    bench.append(0, { origin: 3 });
    await indexed();
    const { cursors } = await bench.writer.take(seen, [0]);
    expect(cursors).toEqual(new Map([[0, 3]]));
    await expect(bench.open()).resolves.toBe(3);
  });

  test('leaves one key when there is nothing in it', async () => {
    bench.append(0, { origin: 1 }, { origin: 2 });
    await indexed();
    await bench.index.settle(0, [0], 'dismissed', 'request');
    await bench.read();
    await bench.retain(0, 3);
    await expect(bench.keys()).resolves.toEqual([expect.stringMatching(/:meta$/)]);
    await expect(bench.open()).resolves.toBe(0);
  });
});

describe('second copies', () => {
  test('count once: those of the same origin, attempt and redrive', async () => {
    bench.append(
      0,
      { origin: 1 },
      { origin: 1 },
      { origin: 1, attempt: 8 },
      { origin: 1, redrive: 'job/0/0' },
    );
    bench.append(1, { origin: 1 });
    await indexed();
    await expect(bench.open()).resolves.toBe(3);
    const copies = await bench.list({ status: 'duplicate' });
    expect(copies.map(({ position, copyOf }) => [position, copyOf])).toEqual([
      [
        { partition: 1, offset: 0 },
        { partition: 0, offset: 0 },
      ],
      [
        { partition: 0, offset: 1 },
        { partition: 0, offset: 0 },
      ],
    ]);
    await expect(bench.index.settledAmong(0, [0, 1, 2])).resolves.toEqual(new Set([1]));
  });

  test('are settled with what they are copies of, whichever of the two is named', async () => {
    bench.append(0, { origin: 1 });
    bench.append(1, { origin: 1 });
    await indexed();
    const marker = { settled: 'dismissed', by: 'request', at: 5, offsets: [[0, 0]] } as const;
    await bench.writer.settle(bench.id, 1, 1, marker);
    await expect(bench.all()).resolves.toEqual(['1/0 duplicate', '0/0 dismissed']);
    await expect(bench.open()).resolves.toBe(0);
  });
});

describe('settling', () => {
  test('writes a marker of as few ranges as can be, and then the index', async () => {
    bench.append(0, ...[0, 1, 2, 3, 4].map((origin) => ({ origin })));
    await indexed();
    await bench.index.settle(0, [3, 1, 0], 'redriven', 'job 1');
    const marker = bench.topic[0]!.at(-1)!;
    expect(JSON.parse(marker.value!.toString())).toEqual({
      ...{ v: 1, settled: 'redriven', by: 'job 1', at: GIVEN_UP },
      offsets: [
        [0, 1],
        [3, 3],
      ],
    });
    expect([marker.key, marker.headers.map(([name]) => name)]).toEqual([null, ['x-retry-journal']]);
    await expect(bench.index.settledAmong(0, [0, 1, 2, 3, 4])).resolves.toEqual(new Set([0, 1, 3]));
    await expect(bench.open()).resolves.toBe(2);
    const [settled] = await bench.list({ status: 'redriven' });
    expect(settled).toMatchObject({ settled: { at: GIVEN_UP, by: 'job 1' }, status: 'redriven' });
  });

  test('twice writes nothing more, and the first settlement stays', async () => {
    bench.append(0, { origin: 1 }, { origin: 2 });
    await indexed();
    await bench.index.settle(0, [0], 'redriven', 'job');
    await bench.index.settle(0, [0], 'dismissed', 'request');
    expect(bench.topic[0]).toHaveLength(3);
    await bench.read();
    await expect(bench.all()).resolves.toEqual(['0/1 open', '0/0 redriven']);
  });

  test('of what the index has not read yet holds when it is read', async () => {
    bench.append(0, { origin: 1 });
    await indexed();
    bench.append(0, { origin: 2 }, { origin: 3 });
    await bench.index.settle(0, [1], 'superseded', 'job');
    await expect(bench.index.settledAmong(0, [0, 1, 2])).resolves.toEqual(new Set([1]));
    // The marker has not been read yet.
    await bench.readOne(bench.topic[0]![1]!);
    await expect(bench.all()).resolves.toEqual(['0/1 superseded', '0/0 open']);
    await bench.read();
    await expect(bench.all()).resolves.toEqual(['0/2 open', '0/1 superseded', '0/0 open']);
    await expect(bench.open()).resolves.toBe(2);
  });

  test('takes from the counts of its group', async () => {
    bench.append(
      0,
      { origin: 1 },
      { origin: 2, errorClass: 'Bang' },
      { origin: 3 },
      { origin: 4, errorClass: 'Bang' },
    );
    await indexed();
    const group = { reason: 'exhausted', errorClass: 'Boom', count: 2 };
    const bang = { ...group, errorClass: 'Bang' };
    await expect(summarise(bench.scripts)).resolves.toEqual([
      { ...bang, oldest: GIVEN_UP + 2, newest: GIVEN_UP + 4 },
      { ...group, oldest: GIVEN_UP + 1, newest: GIVEN_UP + 3 },
    ]);
    await bench.index.settle(0, [0, 1, 3], 'dismissed', 'request');
    await expect(summarise(bench.scripts)).resolves.toEqual([
      { ...group, count: 1, oldest: GIVEN_UP + 3, newest: GIVEN_UP + 3 },
    ]);
  });

  test('of many, with a marker of ranges, ends in the same as one by one', async () => {
    bench.append(0, ...Array.from({ length: 450 }, (_, origin) => ({ origin })));
    await indexed();
    const odd = Array.from({ length: 225 }, (_, i) => 2 * i + 1);
    await bench.index.settle(0, odd, 'redriven', 'job');
    await bench.flush();
    await indexed();
    await expect(bench.open()).resolves.toBe(225);
    await expect(bench.index.settledAmong(0, [...odd, 0, 2])).resolves.toEqual(new Set(odd));
  });
});

describe('retention', () => {
  test('makes forget what it removed, settled or not', async () => {
    bench.append(
      0,
      ...Array.from({ length: 500 }, (_, origin) => ({ origin, key: `k${String(origin % 7)}` })),
    );
    bench.append(1, { origin: 1_000, after: 0 });
    await indexed();
    await bench.index.settle(0, [0, 1, 2, 450], 'dismissed', 'request');
    await bench.read();
    await bench.retain(0, 440);
    await expect(bench.open()).resolves.toBe(60);
    await expect(bench.all()).resolves.toHaveLength(61);
    await expect(bench.index.standings(0, [439, 440, 450])).resolves.toEqual(
      new Map([
        [439, 'gone'],
        [440, 'open'],
        [450, 'settled'],
      ]),
    );
    const key = Buffer.from('k0');
    const ofKey = await bench.list({ filter: { key }, status: 'all' });
    expect(ofKey.map(({ position }) => position.offset)).toEqual([
      497, 490, 483, 476, 469, 462, 455, 448, 441,
    ]);
    expect((await summarise(bench.scripts))[0]).toMatchObject({ count: 60, oldest: GIVEN_UP });
  });

  test('of what has not been read moves the cursor', async () => {
    bench.append(0, { origin: 1 });
    await indexed();
    bench.append(0, ...Array.from({ length: 20 }, (_, i) => ({ origin: 10 + i })));
    await bench.retain(0, 15);
    await bench.read();
    await expect(bench.open()).resolves.toBe(6);
    await expect(bench.index.settledAmong(0, [14, 15])).resolves.toEqual(new Set([14]));
  });

  test('that jumps far costs a few calls', async () => {
    bench.append(0, { origin: 1 });
    await indexed();
    bench.first[0] = 5_000_000;
    bench.topic[0] = [];
    const [done, again] = [
      await bench.writer.forget(bench.id, 0, 5_000_000),
      await bench.writer.forget(bench.id, 0, 5_000_000),
    ];
    expect([done, again]).toContain(true);
    await bench.take();
    bench.append(0, { origin: 2 });
    await bench.read();
    await expect(bench.all()).resolves.toEqual(['0/5000000 open']);
    // The bits begin where the topic does.
    const [bits] = (await bench.keys()).filter((key) => key.endsWith('openBits:0'));
    await expect(bench.redis.strlen(bits!)).resolves.toBe(1);
  });
});

describe('above its limit', () => {
  test('the index has the newest in detail, and counts the others', async () => {
    await using small = await IndexBench.open(redisUrl, 10);
    small.append(0, ...Array.from({ length: 25 }, (_, origin) => ({ origin, key: `k${String(origin)}` })));
    await small.take();
    await small.read();
    await expect(small.index.state()).resolves.toMatchObject({ open: 25, openRows: 10 });
    expect((await small.list()).map(({ position }) => position.offset)).toEqual([
      24, 23, 22, 21, 20, 19, 18, 17, 16, 15,
    ]);
    await expect(small.list({ filter: { key: Buffer.from('k3') }, status: 'all' })).resolves.toEqual([]);

    // What is only counted can be settled, and removed, all the same.
    await small.index.settle(0, [3, 4, 24], 'redriven', 'job');
    await expect(small.index.state()).resolves.toMatchObject({ open: 22, openRows: 9 });
    await small.read();
    await small.retain(0, 10);
    await expect(small.index.state()).resolves.toMatchObject({ open: 14, openRows: 9 });
    expect((await summarise(small.scripts))[0]).toMatchObject({ count: 9 });
  });

  test('rows of what is settled go first', async () => {
    await using small = await IndexBench.open(redisUrl, 10);
    small.append(0, ...Array.from({ length: 10 }, (_, origin) => ({ origin })));
    await small.take();
    await small.read();
    await small.index.settle(0, [8, 9], 'dismissed', 'request');
    await small.read();
    small.append(0, { origin: 20 }, { origin: 21 });
    await small.read();
    await expect(small.all()).resolves.toEqual(
      expect.arrayContaining(['0/0 open', '0/11 open', '0/12 open']),
    );
    await expect(small.index.state()).resolves.toMatchObject({ open: 10, openRows: 10, pastEvicted: true });
  });

  test('groups beyond a thousand are one', async () => {
    await using large = await IndexBench.open(redisUrl, 2_000);
    large.append(
      0,
      ...Array.from({ length: 1_005 }, (_, origin) => ({ origin, errorClass: `E${String(origin)}` })),
    );
    await large.take();
    await large.read();
    const groups = await summarise(large.scripts);
    expect(groups).toHaveLength(1_001);
    expect(groups[0]).toMatchObject({ reason: null, errorClass: null, count: 5 });
    const last = await large.list({ filter: { reason: 'exhausted', errorClass: 'E1004' } });
    expect(last.map(({ position }) => position.offset)).toEqual([1_004]);
    await large.index.settle(0, [1_004], 'dismissed', 'request');
    expect((await summarise(large.scripts))[0]).toMatchObject({ reason: null, count: 4 });
  });
});

describe('a listing', () => {
  beforeEach(async () => {
    bench.append(
      0,
      { origin: 0, key: 'a' },
      { origin: 1, key: 'b', reason: 'fatal', errorClass: 'Bang', error: 'No stock for 12' },
      { origin: 2, key: null },
      { origin: 3, key: 'a', reason: 'fatal', errorClass: 'Bang', error: 'sold out' },
    );
    bench.append(1, { origin: 4, key: 'a', after: 1 }, { origin: 5, key: 'ab' });
    await indexed();
    await bench.index.settle(0, [0], 'dismissed', 'request');
    await bench.read();
  });

  test.each<[string, Parameters<IndexBench['list']>[0], string[]]>([
    ['open ones', {}, ['1/1', '0/3', '0/2', '1/0', '0/1']],
    ['all', { status: 'all' }, ['1/1', '0/3', '0/2', '1/0', '0/1', '0/0']],
    ['dismissed ones', { status: 'dismissed' }, ['0/0']],
    ['those of a key', { filter: { key: Buffer.from('a') }, status: 'all' }, ['0/3', '1/0', '0/0']],
    ['open ones of a key', { filter: { key: Buffer.from('a') } }, ['0/3', '1/0']],
    ['a reason', { filter: { reason: 'fatal' } }, ['0/3', '0/1']],
    ['a group', { filter: { reason: 'fatal', errorClass: 'Bang' } }, ['0/3', '0/1']],
    ['a text', { filter: { error: 'STOCK' } }, ['0/1']],
    ['times', { filter: { from: GIVEN_UP + 1, to: GIVEN_UP + 3 }, status: 'all' }, ['0/2', '1/0', '0/1']],
    ['times and a key', { filter: { key: Buffer.from('a'), from: GIVEN_UP + 1, to: GIVEN_UP + 3 } }, ['1/0']],
    ['a partition', { filter: { partition: 1 } }, ['1/1', '1/0']],
    ['another source', { filter: { source: 'spring' } }, []],
  ])('of %s', async (_, query, expected) => {
    const rows = await bench.list(query);
    expect(rows.map(({ position: { partition, offset } }) => `${partition}/${offset}`)).toEqual(expected);
  });

  test('in pages gives each once, whatever comes meanwhile', async () => {
    const seen: string[] = [];
    let after: Buffer | null = null;
    do {
      const page = await bench.listing.page({ filter: {}, status: 'all', limit: 2, after });
      seen.push(...page.letters.map(({ position: { partition, offset } }) => `${partition}/${offset}`));
      after = page.next;
      bench.append(1, { origin: 100 + seen.length });
      await bench.read();
    } while (after !== null);
    expect(seen).toEqual(['1/1', '0/3', '0/2', '1/0', '0/1', '0/0']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { KafkaJsGate, type KafkaJsGateOptions } from '../../../src/gate/kafkajs/kafkajs-gate.ts';
import { kafkaJsPublisher, type KafkaJsMessage } from '../../../src/gate/kafkajs/publisher.ts';
import type { EachBatchLike, EachMessageLike, KafkaJsRecord } from '../../../src/gate/kafkajs/types.ts';
import { GateHarness } from './support/gate-harness.ts';

const ASSIGN = { code: -175 };
const REVOKE = { code: -174 };
const assignment = [
  { topic: 'orders', partition: 0 },
  { topic: 'orders', partition: 1 },
];

const message = (offset: number, key: string | null = 'k', headers = {}): KafkaJsRecord => ({
  offset: String(offset),
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(`v${offset}`),
  timestamp: '1700000000000',
  headers,
});

const payload = (offset: number, key = 'k', partition = 0, topic = 'orders'): EachMessageLike => ({
  topic,
  partition,
  message: message(offset, key),
});

const start = async (more: Partial<KafkaJsGateOptions> = {}) => {
  const h = new GateHarness();
  const gate = new KafkaJsGate({ ...h.options, ...more });
  await gate.rebalance(ASSIGN, assignment);
  await h.clock.advance(0);
  return { h, gate };
};

/** Runs the wrapped handler as the client does: a throw makes it seek back, and the record comes again. */
const deliver = (run: (one: EachMessageLike) => Promise<void>, one: EachMessageLike) => {
  const state = { done: false, offered: 0, codes: [] as unknown[] };
  const loop = async (): Promise<void> => {
    while (!state.done && state.offered < 1_000) {
      state.offered += 1;
      await run(one).then(
        () => (state.done = true),
        (error: unknown) => state.codes.push((error as { code: unknown }).code),
      );
    }
  };
  void loop();
  return state;
};

/** A batch, and which offsets were resolved. */
const batchOf = (messages: KafkaJsRecord[]): EachBatchLike & { resolved: string[]; stale: boolean } => ({
  batch: { topic: 'orders', partition: 0, messages },
  resolved: [],
  stale: false,
  resolveOffset(offset) {
    this.resolved.push(offset);
  },
  heartbeat: async () => undefined,
  isStale() {
    return this.stale;
  },
});

describe('eachMessage', () => {
  it('hands records on with their context, and lets failures end in the retry topic', async () => {
    const { h, gate } = await start();
    const seen: unknown[] = [];
    const run = gate.eachMessage((given, context) => {
      seen.push([given.message.offset, context.attempt]);
      if (given.message.offset === '2') throw new Error('x');
    });
    for (const offset of [1, 2]) await run(payload(offset));
    expect(seen).toEqual([
      ['1', 1],
      ['2', 1],
    ]);
    expect(h.published.flat().map(({ value }) => String(value))).toEqual(['v2']);
    // Same shape as the client's: an object, not a list.
    expect(Array.isArray(h.published[0]?.[0]?.headers)).toBe(false);
    await gate.close();
  });

  it('hands back what waits for the service, so that other partitions go on; the handler runs once', async () => {
    const { h, gate } = await start({ holdMs: 500, patienceMs: Infinity });
    h.service.always.set('outcomes', () => 'no answer');
    let runs = 0;
    const run = gate.eachMessage((given) => {
      if (given.partition === 0) {
        runs += 1;
        throw new Error('x');
      }
    });
    const stuck = deliver(run, payload(1));
    await h.clock.advance(3_000);
    expect(stuck.offered).toBeGreaterThan(4);
    expect(new Set(stuck.codes)).toEqual(new Set(['HELD']));
    await run(payload(1, 'k', 1));
    h.service.always.delete('outcomes');
    await h.clock.advance(6_000);
    expect(stuck.done).toBe(true);
    expect(runs).toBe(1);
    expect(h.published).toHaveLength(1);
    await gate.close();
  });

  it('never hands back a record that is in a handler', async () => {
    const { h, gate } = await start({ holdMs: 100 });
    h.service.once('claims', () => h.service.claim({ lockedKeys: [{ key: 'k' }] }));
    await gate.rebalance(ASSIGN, assignment);
    let finish = (): void => undefined;
    const run = gate.eachMessage(() => new Promise<void>((resolve) => (finish = resolve)));
    const slow = deliver(run, payload(1));
    await h.clock.advance(10_000);
    expect(slow.offered).toBe(1);
    finish();
    await h.clock.advance(200);
    expect(slow).toMatchObject({ done: true, offered: 1 });
    await gate.close();
  });

  it('leaves other topics alone, and refuses partitions it was not told about', async () => {
    const { gate } = await start();
    const run = gate.eachMessage(() => undefined);
    await run(payload(1, 'k', 0, 'payments'));
    await expect(run(payload(1, 'k', 9))).rejects.toMatchObject({ code: 'NOT_ASSIGNED' });
    await gate.close();
  });

  it('waits in a revocation for what is in a handler, and drops what waits', async () => {
    const { h, gate } = await start();
    let finish = (): void => undefined;
    const run = gate.eachMessage(() => new Promise<void>((resolve) => (finish = resolve)));
    const done = run(payload(1));
    await h.clock.advance(0);
    let revoked = false;
    void gate.rebalance(REVOKE, assignment).then(() => (revoked = true));
    await h.clock.advance(1_000);
    expect(revoked).toBe(false);
    finish();
    await done;
    await h.clock.advance(0);
    expect(revoked).toBe(true);
    await gate.rebalance(REVOKE, assignment, { assignmentLost: () => true });
    await gate.close();
  });
});

describe('eachBatch', () => {
  it('handles keys side by side and the records of a key in order, and resolves what is finished before', async () => {
    const { h, gate } = await start();
    const log: string[] = [];
    const ends = new Map<string, () => void>();
    const run = gate.eachBatch(async ({ message: one }) => {
      log.push(`begin ${one.offset}`);
      await new Promise<void>((resolve) => ends.set(one.offset, resolve));
      log.push(`end ${one.offset}`);
    });
    const batch = batchOf([message(1, 'a'), message(2, 'b'), message(4, 'a')]);
    const done = run(batch);
    await h.clock.advance(0);
    expect(log).toEqual(['begin 1', 'begin 2']);
    ends.get('2')?.();
    await h.clock.advance(0);
    expect(batch.resolved).toEqual([]);
    ends.get('1')?.();
    await h.clock.advance(0);
    expect(batch.resolved).toEqual(['2']);
    ends.get('4')?.();
    await done;
    expect(batch.resolved).toEqual(['2', '4']);
    await gate.close();
  });

  it('returns early where a record waits; offered again, nothing that was done is done twice', async () => {
    const { h, gate } = await start({ holdMs: 300 });
    h.service.always.set('outcomes', () => 'no answer');
    const handled: string[] = [];
    const run = gate.eachBatch(({ message: one }) => {
      handled.push(one.offset);
      if (one.offset === '2') throw new Error('x');
    });
    const first = batchOf([message(1, 'a'), message(2, 'b'), message(3, 'c'), message(4, 'b')]);
    const one = run(first);
    await h.clock.advance(1_000);
    await one;
    expect(first.resolved).toEqual(['1']);
    h.service.always.delete('outcomes');
    await h.clock.advance(6_000);
    // The batch is the client's no longer: nothing is resolved through it.
    expect(first.resolved).toEqual(['1']);
    h.service.once('admissions', { body: { verdicts: [{ verdict: 'skip' }] } });
    const second = batchOf([message(2, 'b'), message(3, 'c'), message(4, 'b'), message(5, 'a')]);
    await run(second);
    expect(second.resolved.at(-1)).toBe('5');
    expect(handled).toEqual(['1', '2', '3', '5']);
    await gate.close();
  });

  it('of another topic is handled as it is', async () => {
    const { gate } = await start();
    const batch = { ...batchOf([message(1), message(2)]) };
    batch.batch = { ...batch.batch, topic: 'payments' };
    const handled: string[] = [];
    await gate.eachBatch(({ message: one }) => handled.push(one.offset))(batch);
    expect([handled, batch.resolved]).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
    await gate.close();
  });
});

describe('ownership', () => {
  it('is proven by a commit that the brokers have answered, not by its promise', async () => {
    const client = new EventEmitter();
    const commits: unknown[] = [];
    const h = new GateHarness();
    const gate = new KafkaJsGate(h.options);
    gate.attach({
      commitOffsets: async (offsets) => {
        commits.push(...offsets);
      },
      _getInternalClient: () => client,
    });
    await gate.rebalance(ASSIGN, assignment.slice(0, 1));
    h.service.once('outcomes', { body: { results: [{ result: 'wait' }] } });
    await h.clock.advance(0);
    const run = gate.eachMessage(() => {
      throw new Error('x');
    });
    const state = deliver(run, payload(7));
    await h.clock.advance(0);
    expect(commits).toEqual([{ topic: 'orders', partition: 0, offset: '7' }]);
    expect(h.service.of('claims')).toHaveLength(1);
    client.emit('offset.commit', null, [{ topic: 'orders', partition: 0, offset: 7 }]);
    await h.clock.advance(0);
    expect(h.service.of('claims')).toHaveLength(2);
    expect(state.done).toBe(true);
    await gate.close();
  });
});

describe('the publisher', () => {
  it('gives the client objects of its own, to the partition of the same number', async () => {
    const sent: { topic: string; messages: KafkaJsMessage[] }[] = [];
    const publish = kafkaJsPublisher({ send: async (one) => sent.push(one) }, { retryTopic: 'orders.retry' });
    const headers = { a: [Buffer.from('1'), Buffer.from('2')], 'x-retry-claim': Buffer.from('5') };
    await publish([{ partition: 3, key: null, value: Buffer.from('v'), headers }]);
    expect(sent).toEqual([
      { topic: 'orders.retry', messages: [{ partition: 3, key: null, value: Buffer.from('v'), headers }] },
    ]);
    expect(sent[0]?.messages[0]?.headers).not.toBe(headers);
  });
});

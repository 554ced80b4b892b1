import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { RdKafkaRunner, type RdKafkaRunnerOptions } from '../../../src/gate/rdkafka/runner.ts';
import { rdKafkaPublisher } from '../../../src/gate/rdkafka/publisher.ts';
import type {
  ConsumerCallbacks,
  RdKafkaConsumerLike,
  TopicPartitionLike,
} from '../../../src/gate/rdkafka/types.ts';
import { Gate } from '../../../src/gate/gate.ts';
import type { GateRecord } from '../../../src/gate/record.ts';
import { GateHarness, record, redelivered } from './support/gate-harness.ts';

/** A consumer over records in memory, on the test's clock. */
class FakeConsumer implements RdKafkaConsumerLike {
  queue: GateRecord[] = [];
  readonly log: string[] = [];
  readonly commits: string[] = [];
  readonly paused = new Set<number>();
  commitError: unknown = null;
  answersCommits = true;
  lost = false;
  /** The client's word for no commit is -1001. */
  committedOffset = 40;
  range = { lowOffset: 0, highOffset: 50 };
  assigned: TopicPartitionLike[] = [];
  readonly #callbacks: ConsumerCallbacks;
  readonly #h: GateHarness;

  constructor(callbacks: ConsumerCallbacks, h: GateHarness) {
    this.#callbacks = callbacks;
    this.#h = h;
  }

  connect(_options: undefined, callback: (error: unknown) => void): void {
    callback(null);
  }
  disconnect(callback: (error: unknown) => void): void {
    this.log.push('disconnect');
    callback(null);
  }
  subscribe(topics: string[]): void {
    this.log.push(`subscribe ${topics.join()}`);
  }
  unsubscribe(): void {
    this.log.push('unsubscribe');
    this.revoke();
  }
  consume(count: number, callback: (error: unknown, records: GateRecord[]) => void): void {
    const ready = this.queue.filter(({ partition }) => !this.paused.has(partition)).slice(0, count);
    this.queue = this.queue.filter((one) => !ready.includes(one));
    this.#h.clock.after(ready.length > 0 ? 1 : 100, () => {
      callback(null, ready);
    });
  }
  commit(offsets: (TopicPartitionLike & { offset: number })[]): void {
    for (const { partition, offset } of offsets) this.commits.push(`${partition}:${offset}`);
    this.log.push('commit');
    if (this.answersCommits)
      queueMicrotask(() => {
        this.#callbacks.offset_commit_cb(this.commitError, offsets);
      });
  }
  committed(
    _partitions: unknown,
    _ms: number,
    callback: (error: unknown, result: { offset: number }[]) => void,
  ): void {
    callback(null, [{ offset: this.committedOffset }]);
  }
  queryWatermarkOffsets(
    _topic: string,
    _partition: number,
    _ms: number,
    callback: (error: unknown, range: { lowOffset: number; highOffset: number }) => void,
  ): void {
    callback(null, this.range);
  }
  assign(partitions: TopicPartitionLike[]): void {
    this.assigned = partitions;
  }
  unassign(): void {
    this.log.push('unassign');
    this.assigned = [];
  }
  pause(partitions: TopicPartitionLike[]): void {
    for (const { partition } of partitions) this.paused.add(partition);
  }
  resume(partitions: TopicPartitionLike[]): void {
    for (const { partition } of partitions) this.paused.delete(partition);
  }
  setDefaultConsumeTimeout(): void {
    this.log.push('timeout');
  }
  assignmentLost(): boolean {
    return this.lost;
  }
  rebalance(code: number, partitions: number[]): void {
    this.#callbacks.rebalance_cb(
      { code },
      partitions.map((partition) => ({ topic: 'orders', partition })),
    );
  }
  revoke(): void {
    this.rebalance(
      -174,
      this.assigned.map(({ partition }) => partition),
    );
  }
}

const start = async (more: Partial<RdKafkaRunnerOptions> = {}, partitions = [0, 1]) => {
  const h = new GateHarness();
  const gate = new Gate(h.options);
  let made: FakeConsumer | undefined;
  const runner = new RdKafkaRunner({
    gate,
    createConsumer: (callbacks) => (made = new FakeConsumer(callbacks, h)),
    handler: (one) => void h.log.push(`${one.partition}:${one.offset}`),
    ...more,
  });
  await runner.start();
  const consumer = made!;
  consumer.rebalance(-175, partitions);
  await h.clock.advance(10);
  const stop = async (): Promise<void> => {
    const stopped = runner.stop();
    await h.clock.advance(60_000);
    await stopped;
  };
  return { h, gate, runner, consumer, stop };
};

const p = (partition: number, offset: number, key = `k${offset}`): GateRecord =>
  record(offset, key, { partition });

describe('the runner', () => {
  it('handles what it reads and commits what is finished before', async () => {
    const { h, consumer, stop } = await start();
    consumer.queue = [p(0, 5), p(1, 7), p(0, 6)];
    await h.clock.advance(2_000);
    expect(h.log.sort()).toEqual(['0:5', '0:6', '1:7']);
    expect(consumer.commits.sort()).toEqual(['0:7', '1:8']);
    await h.clock.advance(5_000);
    expect(consumer.commits).toHaveLength(2);
    await stop();
    await stop();
    expect(h.clock.pending).toBe(0);
  });

  it('commits again what the brokers refused', async () => {
    const { h, consumer, stop } = await start();
    consumer.commitError = { code: 27 };
    consumer.queue = [p(0, 5)];
    await h.clock.advance(2_500);
    expect(consumer.commits.length).toBeGreaterThan(1);
    expect(h.events).toContainEqual({ type: 'commit-failed', partitions: [0], code: '27' });
    consumer.commitError = null;
    await stop();
  });

  it('runs records of a key one after another and others side by side, up to its limit', async () => {
    const ends = new Map<number, () => void>();
    let [now, most] = [0, 0];
    const { h, consumer, stop } = await start({
      concurrency: 2,
      handler: async ({ offset }) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise<void>((resolve) => ends.set(offset, resolve));
        now -= 1;
      },
    });
    consumer.queue = [p(0, 1, 'a'), p(0, 2, 'a'), p(0, 3, 'b'), p(0, 4, 'c')];
    await h.clock.advance(200);
    expect([...ends.keys()]).toEqual([1, 3]);
    ends.get(3)?.();
    await h.clock.advance(2_000);
    expect([...ends.keys()]).toEqual([1, 3, 4]);
    expect(consumer.commits).toEqual([]);
    for (const offset of [1, 4]) ends.get(offset)?.();
    await h.clock.advance(10);
    ends.get(2)?.();
    await h.clock.advance(2_000);
    expect([most, consumer.commits.at(-1)]).toEqual([2, '0:5']);
    await stop();
  });

  it('pauses a partition that is stuck, polls on, lets the others go on, and resumes it', async () => {
    const { h, consumer, stop } = await start({ maxUnfinishedPerPartition: 10, batchSize: 5 });
    h.service.always.set('outcomes', () => 'no answer');
    h.service.always.set('admissions', () => 'no answer');
    consumer.queue = [
      redelivered(0, 0, 'k'),
      ...Array.from({ length: 50 }, (_, index) => record(index + 1, 'k')),
    ];
    await h.clock.advance(1_000);
    expect([...consumer.paused]).toEqual([0]);
    consumer.queue.push(p(1, 1));
    await h.clock.advance(1_000);
    expect(h.log).toEqual(['1:1']);
    expect(consumer.commits).toEqual(['1:2']);
    h.service.always.clear();
    await h.clock.advance(20_000);
    expect(consumer.paused.size).toBe(0);
    expect(consumer.commits.at(-1)).toBe('0:51');
    await stop();
  });

  it('waits for handlers in a revocation, commits, and unassigns only then; what still comes is not its own', async () => {
    let finish = (): void => undefined;
    const { h, gate, consumer, stop } = await start({
      handler: () => new Promise<void>((resolve) => (finish = resolve)),
    });
    consumer.queue = [p(0, 5)];
    await h.clock.advance(150);
    consumer.rebalance(-174, [0, 1]);
    consumer.queue = [p(0, 6)];
    await h.clock.advance(500);
    expect(consumer.log).not.toContain('unassign');
    finish();
    await h.clock.advance(500);
    expect(consumer.log.slice(-2)).toEqual(['commit', 'unassign']);
    expect(consumer.commits).toEqual(['0:6']);
    expect(gate.pass(p(0, 7))).toBe(false);
    await stop();
  });

  it('commits nothing of an assignment that is lost', async () => {
    const { h, consumer, stop } = await start();
    consumer.queue = [p(0, 5)];
    await h.clock.advance(150);
    expect(h.log).toEqual(['0:5']);
    consumer.lost = true;
    consumer.rebalance(-174, [0, 1]);
    await h.clock.advance(3_000);
    expect(consumer.commits).toEqual([]);
    await stop();
  });

  it('resumes what was paused before it was taken away and given back', async () => {
    const { h, consumer, stop } = await start();
    consumer.paused.add(0);
    consumer.rebalance(-174, [0, 1]);
    await h.clock.advance(100);
    consumer.rebalance(-175, [0]);
    await h.clock.advance(100);
    expect(consumer.paused.size).toBe(0);
    await stop();
  });

  it('stops in order: commit, leave, be revoked, disconnect', async () => {
    let finish = (): void => undefined;
    const { h, runner, consumer } = await start({
      handler: () => new Promise<void>((resolve) => (finish = resolve)),
    });
    consumer.queue = [p(0, 5), p(0, 6, 'k5')];
    await h.clock.advance(150);
    const stopped = runner.stop();
    await h.clock.advance(1_000);
    expect(consumer.log).not.toContain('unsubscribe');
    finish();
    await h.clock.advance(1_000);
    await stopped;
    expect(consumer.log.slice(-4)).toEqual(['commit', 'unsubscribe', 'unassign', 'disconnect']);
    expect(consumer.commits).toEqual(['0:6']);
    expect(h.clock.pending).toBe(0);
  });

  it('proves its ownership by a commit of the place that is committed anyway', async () => {
    const { h, consumer, stop } = await start();
    h.service.once('outcomes', { body: { results: [{ result: 'wait' }] } });
    consumer.answersCommits = false;
    consumer.queue = [redelivered(9, 1)];
    await h.clock.advance(150);
    expect(consumer.commits).toEqual(['0:9']);
    expect(h.service.of('claims').filter(({ partition }) => partition === 0)).toHaveLength(1);
    consumer.answersCommits = true;
    await h.clock.advance(12_000);
    expect(h.service.of('claims').filter(({ partition }) => partition === 0)).toHaveLength(2);
    await stop();
  });
});

describe('a partition that the group never committed', () => {
  const notReady = { status: 503, body: { code: 'NOT_READY', message: 'restoring', retryable: true } };

  it.each([
    {
      name: 'is empty: its ownership is proved by a commit of its end',
      range: [3, 3],
      commits: ['0:3'],
      claims: 2,
    },
    {
      name: 'holds records: nothing is committed before one was read',
      range: [0, 3],
      commits: [],
      claims: 1,
    },
  ])('$name', async ({ range: [lowOffset = 0, highOffset = 0], commits, claims }) => {
    const { h, consumer, stop } = await start({}, []);
    consumer.committedOffset = -1001;
    consumer.range = { lowOffset, highOffset };
    h.service.once('claims', notReady);
    consumer.rebalance(-175, [0]);
    await h.clock.advance(20_000);
    expect(consumer.commits).toEqual(commits);
    expect(h.service.of('claims')).toHaveLength(claims);
    await stop();
  });
});

describe('the publisher', () => {
  const producer = () => {
    const sent: { offset: string; opaque: unknown }[] = [];
    const emitter = Object.assign(new EventEmitter(), {
      sent,
      full: false,
      produce(_topic: string, _p: number, value: Buffer | null, _k: unknown, _t: unknown, opaque: unknown) {
        if (emitter.full) throw Object.assign(new Error('queue full'), { code: -184 });
        sent.push({ offset: String(value), opaque });
      },
    });
    return emitter;
  };
  const one = (value: string) => ({ partition: 0, key: null, value: Buffer.from(value), headers: [] });

  it('resolves when every record is acknowledged, and not before', async () => {
    const fake = producer();
    let done = false;
    const published = rdKafkaPublisher(fake, { retryTopic: 'r' })([one('a'), one('b')]);
    void Promise.resolve(published).then(() => (done = true));
    await new Promise((resolve) => setImmediate(resolve));
    fake.emit('delivery-report', null, { opaque: fake.sent[0]?.opaque });
    fake.emit('delivery-report', null, { opaque: 'of somebody else' });
    await new Promise((resolve) => setImmediate(resolve));
    expect([fake.sent.map(({ offset }) => offset), done]).toEqual([['a', 'b'], false]);
    fake.emit('delivery-report', null, { opaque: fake.sent[1]?.opaque });
    await published;
  });

  it('rejects with the client’s error, and queues nothing behind a record that was not queued', async () => {
    const fake = producer();
    const publish = rdKafkaPublisher(fake, { retryTopic: 'r' });
    fake.full = true;
    await expect(publish([one('a'), one('b')])).rejects.toMatchObject({ code: -184 });
    fake.full = false;
    const failed = publish([one('c')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(fake.sent.map(({ offset }) => offset)).toEqual(['c']);
    fake.emit('delivery-report', Object.assign(new Error('x'), { code: 10 }), {
      opaque: fake.sent[0]?.opaque,
    });
    await expect(failed).rejects.toMatchObject({ code: 10 });
  });
});

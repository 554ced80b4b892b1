import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../dev/stack/redis.ts';
import { encodeJournal } from '../../src/domain/journal-record.ts';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { header, isMessage, type KafkaRecord, text } from '../support/kafka-record.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { waitFor } from '../support/wait-for.ts';

const KEYS = 8;

/** Its own: nobody else's data may be lost. */
let redis: RedisServer;
let bench: Bench<'owner' | 'consumer'>;

beforeAll(async () => {
  redis = await startRedis();
  bench = await Bench.open({
    ...{ replicas: 2, kafka: { sessionTimeout: '3s' }, redisUrl: redis.url },
    routes: {
      owner: { settings: { backoff: { initial: '300ms', multiplier: 1, jitter: 0 }, maxAttempts: 5 } },
      consumer: { settings: { backoff: { initial: '100ms', multiplier: 1, jitter: 0 } } },
    },
  });
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

async function command<T>(run: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url);
  try {
    return await run(client);
  } finally {
    client.disconnect();
  }
}

async function owns(service: ServiceProcess): Promise<boolean> {
  return (await service.metric('shards_owned', { route: bench.route('owner').name })) === 1;
}

test('an owner that hung while another took over changes nothing when it comes back, and is a member again', async () => {
  const { name, topic, retryTopic } = bench.route('owner');
  const history = new History();
  const sent: KafkaRecord[] = [];
  const send = async (round: string): Promise<void> => {
    const records = Array.from({ length: 3 * KEYS }, (_, i) => ({
      key: `k${i % KEYS}`,
      value: `${round} ${Math.floor(i / KEYS)}`,
    }));
    sent.push(...(await bench.sender.sendAll(topic, records)));
  };
  await using main = await bench.read('owner', 'topic');
  await using retries = await bench.read('owner', 'retryTopic');
  await using letters = await bench.read('owner', 'deadLetterTopic');
  await using consumer = await bench.consume('owner', {
    history,
    behaviour: ({ value, run, redelivered }) => {
      if (value === 'dead' || (value === 'kept' && !redelivered)) throw new Error('fails');
      if (value!.endsWith('0') && run <= 3) throw new Error(`run ${run}`);
    },
  });
  // At offset 0, and parked, so that it is still there in the end.
  const kept = await bench.sender.send(topic, { key: 'kept', value: 'kept' });
  await bench.lockIs('owner', 'kept', { held: 1, attempt: 1 });
  const act = (action: string): Promise<unknown> =>
    bench.running[0]!.post(`${bench.path('owner')}/locks/kept/actions`, { action, reason: 'a test' });
  await act('park');
  const dead = await bench.sender.send(topic, { key: 'dead', value: 'dead' });
  await send('before');
  const isCopy = (record: KafkaRecord): boolean => header(record, 'x-retry-delivery') !== undefined;
  const [stale] = await main.atLeast(KEYS, 'copy', (record) => isCopy(record) && text(record.key) !== 'kept');

  const [first, second] = bench.services as [ServiceProcess, ServiceProcess];
  const [old, next] = (await owns(first)) ? [first, second] : [second, first];
  const [journal] = retries.records.filter((record) => !isMessage(record));
  old.signal('SIGSTOP');
  await waitFor('the other to take over', () => owns(next), { within: 40_000 });
  await send('meanwhile');
  old.signal('SIGCONT');
  await waitFor('it to hear of that', async () =>
    (await old.logged('shards_revoked')).some(({ lost }) => lost === true),
  );
  await bench.owned();

  // A copy that it had not sent yet when it hung.
  const late = await bench.sender.send(topic, { ...stale!, partition: 0 });
  await waitFor('the stale copy to be turned away', () =>
    consumer.finished('skipped').some(({ offset }) => offset === late.offset),
  );
  // And a journal record, under the epoch of its time: the message that is parked would be resolved.
  await bench.sender.send(retryTopic, {
    key: null,
    value: encodeJournal([Buffer.from(encode(['kkept', '\0'.repeat(8), 2 ** 40]))]),
    headers: [['x-retry-journal', header(journal!, 'x-retry-journal')!]],
  });
  await history.allSucceeded(sent);
  const [letter] = await letters.atLeast(1, 'dead letter');
  history.gaveUp(dead);
  await waitFor('Kafka to have heard of all', async () =>
    command(async (client) => (await client.keys(`*{${name}:0}:journal`)).length === 0),
  );
  await command((client) => client.flushall());
  await bench.lockIs('owner', 'kept', { state: 'parked', held: 1 });
  await act('unpark');
  await history.allSucceeded([kept]);

  expect(history.violations([kept, dead, ...sent])).toEqual([]);
  expect(history.repeated).toEqual([]);
  // Two owners may write the same dead letter; a reader knows it by its origin and attempt.
  const origins = letters.records.map((each) =>
    ['origin-partition', 'origin-offset', 'attempt'].map((part) => header(each, `x-retry-${part}`)).join(),
  );
  expect(new Set(origins)).toEqual(new Set([`0,${dead.offset},5`]));
  expect(text(letter!.value)).toBe('dead');
  await bench.unlocked('owner');
  await bench.owned();
});

test('a consumer that lost its partition is answered by what it asks, and as often as it asks the same', async () => {
  const { topic, retryTopic } = bench.route('consumer');
  const path = `${bench.path('consumer')}/partitions/0`;
  const ask = async (call: string, body: object): Promise<{ status: number; body: unknown }> =>
    bench.service.post(`${path}/${call}`, body);
  const claim = async (consumerId: string): Promise<{ claimEpoch: string; incarnation: string }> => {
    const { body } = await ask('claims', { consumerId, call: 1 });
    const { claimEpoch, incarnation } = body as { claimEpoch: string; incarnation: string };
    return { claimEpoch, incarnation };
  };
  await using main = await bench.read('consumer', 'topic');
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'a0' },
    { key: 'a', value: 'a1' },
    { key: 'b', value: 'b0' },
  ]);
  const [a0, a1, b0] = sent.map(({ key, offset }) => ({ key: text(key)!, offset })) as [
    { key: string; offset: number },
    { key: string; offset: number },
    { key: string; offset: number },
  ];
  /** The copy of a message that was delivered as this attempt. */
  const delivered = async (value: string, attempt: number): Promise<string> => {
    const copy = await main.one(
      `attempt ${attempt} of ${value}`,
      (record) => text(record.value) === value && header(record, 'x-retry-attempt') === String(attempt),
    );
    return header(copy, 'x-retry-delivery')!;
  };
  const error = { class: 'Boom', message: 'it broke' };

  const lost = await claim('lost');
  const told = await ask('outcomes', { ...lost, outcomes: [{ ...a0, result: 'failed', error }] });
  const asked = await ask('admissions', { ...lost, records: [a1] });
  const given = [
    ...(told.body as { results: { headers: Record<string, string> }[] }).results,
    ...(asked.body as { verdicts: { headers: Record<string, string> }[] }).verdicts,
  ].map(({ headers }) => headers);
  // The same question, the same answer.
  await expect(ask('outcomes', { ...lost, outcomes: [{ ...a0, result: 'failed', error }] })).resolves.toEqual(
    told,
  );
  await expect(ask('admissions', { ...lost, records: [a1] })).resolves.toEqual(asked);
  for (const [i, headers] of given.entries()) {
    const record = { key: 'a', value: `a${i}`, headers: Object.entries(headers) };
    await bench.sender.send(retryTopic, record);
  }
  const token = await delivered('a0', 2);
  const copy = { ...a0, delivery: token };
  await expect(ask('admissions', { ...lost, records: [copy] })).resolves.toMatchObject({
    body: { verdicts: [{ verdict: 'process' }] },
  });

  // Another one has the partition from here on.
  const now = await claim('now');
  const fenced = { status: 409, body: { code: 'FENCED', retryable: false } };
  const failedB = { ...b0, result: 'failed', error };
  const done = { ...copy, result: 'succeeded' };
  await expect(ask('admissions', { ...lost, records: [b0] })).resolves.toMatchObject(fenced);
  await expect(ask('outcomes', { ...lost, outcomes: [failedB] })).resolves.toMatchObject(fenced);
  await expect(ask('outcomes', { ...lost, outcomes: [done, failedB] })).resolves.toMatchObject(fenced);
  await expect(ask('claims', { consumerId: 'lost', call: 1 })).resolves.toMatchObject(fenced);
  await expect(
    bench.service.post(`${bench.path('consumer')}/renewals`, {
      consumerId: 'lost',
      claims: [{ partition: 0, ...lost, seen: 0 }],
    }),
  ).resolves.toMatchObject({ body: { claims: [{ partition: 0, status: 'fenced' }] } });
  const elsewhere = { ...lost, incarnation: 'another:one' };
  await expect(ask('admissions', { ...elsewhere, records: [b0] })).resolves.toMatchObject({
    body: { verdicts: [{ verdict: 'wait' }] },
  });
  await expect(ask('outcomes', { ...elsewhere, outcomes: [done] })).resolves.toMatchObject({
    body: { results: [{ result: 'wait' }] },
  });
  // None of it had an effect.
  await expect(bench.lock('consumer', 'a')).resolves.toMatchObject({ held: 2, state: 'probing' });

  // A token says for itself whether it counts.
  const failure = { ...lost, outcomes: [{ ...copy, result: 'failed', error }] };
  await expect(ask('outcomes', failure)).resolves.toMatchObject({
    body: { results: [{ result: 'recorded', attempt: 2 }] },
  });
  await expect(ask('outcomes', failure)).resolves.toMatchObject({ body: { results: [{ result: 'stale' }] } });
  const newer = { ...a0, delivery: await delivered('a0', 3) };
  await expect(ask('admissions', { ...lost, records: [copy] })).resolves.toMatchObject({
    body: { verdicts: [{ verdict: 'skip' }] },
  });
  await expect(ask('admissions', { ...now, records: [newer] })).resolves.toMatchObject({
    body: { verdicts: [{ verdict: 'process' }] },
  });
  // A success is a fact, whoever tells it, by whatever token.
  for (const outcome of [done, done, { ...newer, result: 'succeeded' }]) {
    await expect(ask('outcomes', { ...lost, outcomes: [outcome] })).resolves.toMatchObject({
      body: { results: [{ result: 'done', unlocked: false }] },
    });
  }
  const last = { ...a1, delivery: await delivered('a1', 1) };
  await expect(ask('admissions', { ...now, records: [last] })).resolves.toMatchObject({
    body: { verdicts: [{ verdict: 'process' }] },
  });
  for (let i = 0; i < 2; i++) {
    await expect(
      ask('outcomes', { ...now, outcomes: [{ ...last, result: 'succeeded' }] }),
    ).resolves.toMatchObject({ body: { results: [{ result: 'done', unlocked: true }] } });
  }

  // What the lost one publishes now was announced under its claim, and locks nothing.
  const headers = { ...given[0]!, 'x-retry-origin-offset': String(b0.offset) };
  await bench.sender.send(retryTopic, { key: 'b', value: 'b0', headers: Object.entries(headers) });
  await waitFor('the late copy to be ignored', async () => {
    const lines = await Promise.all(bench.services.map((service) => service.logged('ingested')));
    return lines.flat().some((line) => line['route'] === bench.route('consumer').name && line['late'] === 1);
  });
  await expect(bench.locks('consumer')).resolves.toEqual([]);
  await expect(ask('admissions', { ...now, records: [b0] })).resolves.toMatchObject({
    body: { verdicts: [{ verdict: 'process' }] },
  });
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { type Handling, History } from '../support/history.ts';
import { isMessage, text } from '../support/kafka-record.ts';
import { Sender } from '../support/sender.ts';
import { createTopics, deleteTopics } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

type Name = 'retry' | 'main' | 'dead-letter';
let bench: Bench<Name>;

beforeAll(async () => {
  const backoff = { initial: '2s', multiplier: 1, jitter: 0 };
  bench = await Bench.open({
    routes: {
      retry: { settings: { backoff } },
      main: { settings: { backoff } },
      'dead-letter': { settings: { maxAttempts: 1 } },
    },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

/** Deletes a topic of the route, waits until readiness names it, and makes it anew. */
async function makeAnew(name: Name, which: 'topic' | 'retryTopic' | 'deadLetterTopic'): Promise<void> {
  const topic = bench.route(name)[which];
  await deleteTopics([topic]);
  await waitFor('readiness to name the topic', async () => {
    const { status, body } = await bench.service.get('/readyz');
    return status === 503 && JSON.stringify(body).includes(`topic ${topic} does not exist; create it`);
  });
  await expect(bench.service.get(bench.path(name))).resolves.toMatchObject({ body: { status: 'degraded' } });
  await createTopics([{ topic, partitions: bench.route(name).partitions }]);
}

/** Does that while nothing is redelivered, and resolves when the shard's messages lie in Kafka again. */
async function makeAnewPaused(name: Name, which: 'topic' | 'retryTopic'): Promise<() => Promise<unknown>> {
  await makeAnew(name, which);
  await waitFor('the shard to be salvaged', async () => (await logged(name, 'shard_salvaged')) === 1, {
    state: () => bench.service.tail(),
  });
  return () => bench.service.post(`${bench.path(name)}/resume`, { reason: 'it is there again' });
}

async function pause(name: Name): Promise<void> {
  await bench.service.post(`${bench.path(name)}/pause`, { reason: 'the topic is made anew' });
}

async function recovered(): Promise<void> {
  await waitFor('readiness', async () => (await bench.service.status('/readyz')) === 200, {
    state: () => bench.service.tail(),
  });
}

/** How often the service logged an event of the route. */
async function logged(name: Name, event: string): Promise<number> {
  const lines = await bench.service.logged(event);
  return lines.filter((line) => line['route'] === bench.route(name).name).length;
}

test('a dead-letter topic that is away holds back the keys of its dead letters, and gets them when it is back', async () => {
  const { topic } = bench.route('dead-letter');
  const history = new History();
  await deleteTopics([bench.route('dead-letter').deadLetterTopic]);
  await using _consumer = await bench.consume('dead-letter', {
    history,
    behaviour: ({ value }) => {
      if (value === 'bad') throw new Error('always');
    },
  });
  const [, next] = await bench.sender.sendAll(
    topic,
    ['bad', 'next'].map((value) => ({ key: 'a', value })),
  );
  const other = await bench.sender.send(topic, { key: 'b', value: 'other' });
  await history.allSucceeded([other]);
  await waitFor('both to wait', async () => (await bench.lock('dead-letter', 'a'))?.held === 2);
  await createTopics([{ topic: bench.route('dead-letter').deadLetterTopic, partitions: 1 }]);
  await using letters = await bench.read('dead-letter', 'deadLetterTopic');

  const letter = await letters.one('dead letter');
  expect(text(letter.value)).toBe('bad');
  await history.allSucceeded([next!]);
  await bench.unlocked('dead-letter');
  await recovered();
});

test('what Redis holds of a retry topic that was deleted goes on in the new one, in order', async () => {
  const { topic, retryTopic } = bench.route('retry');
  const history = new History();
  await using _consumer = await bench.consume('retry', {
    history,
    behaviour: ({ value, run }) => {
      if (value === 'a0' && run <= 3) throw new Error(`run ${run}`);
    },
  });
  // More records than the new topic will have at first.
  const many = Array.from({ length: 30 }, (_, i) => `a${i}`);
  const sent = await bench.sender.sendAll(
    topic,
    many.map((value) => ({ key: 'a', value, headers: [['trace', value]] as const })),
  );
  await bench.lockIs('retry', 'a', { attempt: 2, state: 'waiting' });
  await pause('retry');
  await bench.lockIs('retry', 'a', { held: 30, attempt: 2, state: 'waiting' });
  const resume = await makeAnewPaused('retry', 'retryTopic');
  await resume();
  await history.allSucceeded(sent);

  expect(history.firstSuccesses).toEqual(many);
  expect(history.violations(sent)).toEqual([]);
  // Attempts went on, and none was made of the followers.
  expect(history.of(sent[0]!).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  expect(history.of(sent[9]!)).toMatchObject([{ attempt: 1, redelivered: true }]);
  expect(history.of(sent[9]!)[0]!.record.headers).toContainEqual({ trace: Buffer.from('a9') });
  await bench.unlocked('retry');
  await recovered();
  await expect(logged('retry', 'shard_salvaged')).resolves.toBe(1);
  // Nothing repeats itself in the log while a topic is away.
  await expect(logged('retry', 'route_degraded')).resolves.toBe(1);

  // Kafka is the truth again: a new owner and a new failure find a whole shard.
  await using retries = await bench.read('retry', 'retryTopic');
  await retries.atLeast(many.length, 'message', isMessage);
  expect(retries.topic).toBe(retryTopic);
});

test('messages of a main topic that was deleted come back into the new one, and hide none of its own', async () => {
  const { topic } = bench.route('main');
  const history = new History();
  const application = {
    history,
    behaviour: ({ value, run }: Handling) => {
      if (value!.startsWith('old') && run === 1) throw new Error('the first time');
    },
  };
  const before = await bench.consume('main', application);
  await pause('main');
  await using sender = await Sender.open();
  const old = ['old 0', 'old 1', 'old 2'];
  await sender.sendAll(
    topic,
    old.map((value) => ({ key: 'a', value })),
  );
  await bench.lockIs('main', 'a', { held: 3, attempt: 1 });
  // One that goes on while its topic is made anew may commit its old place there, and never see what is new.
  await before[Symbol.asyncDispose]();
  const resume = await makeAnewPaused('main', 'topic');
  // Of the same key, and at offsets that the old ones had. The very first offset is no such: nothing comes before it.
  const fresh = ['new 1', 'new 2', 'new 3', 'new 4'];
  await using again = await Sender.open();
  await again.send(topic, { key: 'b', value: 'another' });
  await again.sendAll(
    topic,
    fresh.map((value) => ({ key: 'a', value })),
  );
  await using consumer = await bench.consume('main', application);
  await resume();
  const values = (): (string | null)[] =>
    history.handlings
      .filter(({ key, outcome }) => key === 'a' && outcome === 'succeeded')
      .map(({ value }) => value);
  await waitFor('all to succeed', () => [...old, ...fresh].every((value) => values().includes(value)), {
    ...{ state: () => [values(), consumer.events.slice(-10)] },
  });
  expect(values()).toEqual([...old, ...fresh]);
  await bench.unlocked('main');
  await recovered();
});

test('that is all told by a few lines of the log', async () => {
  const lines = (await bench.service.output()).split('\n').filter((line) => line.startsWith('{'));
  const told = lines
    .map((line) => JSON.parse(line) as { level: string; event: string })
    .filter(({ level }) => level !== 'debug' && level !== 'info');
  const counts = new Map<string, number>();
  for (const { event } of told) counts.set(event, (counts.get(event) ?? 0) + 1);
  expect(Math.max(...counts.values())).toBeLessThan(10);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { header, type KafkaRecord, text, isMessage } from '../support/kafka-record.ts';
import { commitByHand } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

let bench: Bench<'read-again' | 'passed'>;

beforeAll(async () => {
  bench = await Bench.open({ routes: { 'read-again': {}, passed: { partitions: 2 } } });
});

afterAll(() => bench[Symbol.asyncDispose]());

type GivenHeaders = Record<string, string>;

/** A consumer up to the moment of its death: it claims, its handler fails, and it publishes nothing of what it is told to. */
async function announceAndDie(
  route: 'read-again' | 'passed',
  failed: KafkaRecord,
  ...behind: readonly KafkaRecord[]
): Promise<GivenHeaders[]> {
  const path = `${bench.path(route)}/partitions/${failed.partition}`;
  const { body: claim } = await bench.service.post(`${path}/claims`, {
    consumerId: `dead-${route}`,
    call: 1,
  });
  const { claimEpoch, incarnation } = claim as GivenHeaders;
  const key = text(failed.key);
  const error = { class: 'FirstFailure', message: 'before the crash' };
  const outcomes = [{ key, offset: failed.offset, result: 'failed', error }];
  const told = await bench.service.post(`${path}/outcomes`, { claimEpoch, incarnation, outcomes });
  const records = behind.map(({ offset }) => ({ key, offset }));
  const asked = await bench.service.post(`${path}/admissions`, { claimEpoch, incarnation, records });
  const { results } = told.body as { results: { result: string; headers: GivenHeaders }[] };
  const { verdicts } = asked.body as { verdicts: { verdict: string; headers: GivenHeaders }[] };
  expect([...results.map(({ result }) => result), ...verdicts.map(({ verdict }) => verdict)]).toEqual(
    [failed, ...behind].map(() => 'redirect'),
  );
  return [...results, ...verdicts].map(({ headers }) => headers);
}

test('what a consumer announced and did not publish is read again, published as first announced, and goes on', async () => {
  const { topic } = bench.route('read-again');
  const history = new History();
  const sent = await bench.sender.sendAll(
    topic,
    ['a0', 'a1', 'a2'].map((value) => ({ key: 'a', value })),
  );
  const [a0, a1, a2] = sent as [KafkaRecord, KafkaRecord, KafkaRecord];
  const announced = await announceAndDie('read-again', a0, a1);

  await using retries = await bench.read('read-again', 'retryTopic');
  await using _consumer = await bench.consume('read-again', { history, behaviour: () => undefined });
  await history.allSucceeded(sent);

  const published = await retries.atLeast(3, 'retry records', isMessage);
  expect(published.map(({ value }) => text(value))).toEqual(['a0', 'a1', 'a2']);
  for (const [i, headers] of announced.entries()) {
    const names = Object.keys(headers);
    expect(Object.fromEntries(names.map((name) => [name, header(published[i]!, name)]))).toEqual(headers);
  }
  expect(header(published[0]!, 'x-retry-error-class')).toBe('FirstFailure');
  // The failure before the crash was its first attempt, and is not made again.
  expect(history.of(a0)).toMatchObject([{ attempt: 2, redelivered: true }]);
  expect(history.of(a1)).toMatchObject([{ attempt: 1, redelivered: true }]);
  expect(history.of(a2)).toMatchObject([{ attempt: 1, redelivered: true }]);
  expect(history.violations(sent)).toEqual([]);
  await bench.unlocked('read-again');
});

test('what was announced and never comes is closed when the group has been moved past it, and not before', async () => {
  const { name, topic, group } = bench.route('passed');
  const sent = await bench.sender.sendAll(topic, [
    { partition: 0, key: 'a', value: 'a0' },
    { partition: 1, key: 'z', value: 'z0' },
  ]);
  const [a0, z0] = sent as [KafkaRecord, KafkaRecord];
  await announceAndDie('passed', a0);
  await announceAndDie('passed', z0);
  await bench.moved('pending_messages', 'passed');
  const reaped = (): Promise<number> => bench.service.metric('zombies_reaped_total', { route: name });
  const past = ({ partition, offset }: KafkaRecord) => ({ topic, partition, offset: offset + 1 });

  await commitByHand(group, [{ ...past(a0), offset: a0.offset }, past(z0)]);
  await bench.moved('zombies_reaped_total', 'passed');
  // The same look at both partitions found proof about one only.
  expect(await reaped()).toBe(1);
  expect((await bench.locks('passed')).map(({ key }) => key)).toEqual(['a']);

  await commitByHand(group, [past(a0)]);
  await waitFor('the second to be reaped', async () => (await reaped()) > 1);
  await expect(bench.locks('passed')).resolves.toEqual([]);
  const logged = await bench.service.logged('pending_reaped');
  expect(logged).toMatchObject([
    { route: name, partition: 1, origin: z0.offset, committed: z0.offset + 1 },
    { route: name, partition: 0, origin: a0.offset, committed: a0.offset + 1 },
  ]);

  // The keys are free.
  const history = new History();
  await using _consumer = await bench.consume('passed', { history, behaviour: () => undefined });
  const next = await bench.sender.send(topic, { partition: 0, key: 'a', value: 'a1' });
  await history.allSucceeded([next]);
  expect(history.handlings).toMatchObject([{ value: 'a1', redelivered: false }]);
});

import { expect, test } from '@jest/globals';
import { AccessWatch } from '../../../src/access/access-watch.ts';
import { aclCommands } from '../../../src/access/commands.ts';
import type { Need } from '../../../src/access/needs.ts';
import { missingOf } from '../../../src/access/read-access.ts';
import { createLogger } from '../../../src/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const need = (operation: Need['operation'], name: string, route: string | null = 'orders'): Need => ({
  ...{ route, resource: 'topic', name, operation, why: 'a test' },
});
const read = need('Read', 'orders.retry');
const write = need('Write', 'orders.retry');
const settings: Need = { ...need('DescribeConfigs', 'orders'), optional: true };

test('what is missing is told of its route until it is granted; what is optional is not', async () => {
  const clock = new FakeClock();
  let missing: readonly Need[] | null = [read, settings];
  let granted = 0;
  const watch = new AccessWatch({
    needs: [read, write, settings],
    read: () => (missing === null ? Promise.reject(new Error('away')) : Promise.resolve(missing)),
    onGranted: () => granted++,
    clock,
    logger: createLogger('silent'),
  });
  await watch.start();
  expect(watch.problems('orders')).toEqual([
    expect.stringContaining('does not allow Read on topic orders.retry;'),
  ]);
  expect(watch.problems('others')).toEqual([]);
  missing = null;
  await clock.advance(2_000);
  expect({ granted, problems: watch.problems('orders').length }).toEqual({ granted: 0, problems: 1 });
  missing = [settings];
  await clock.advance(2_000);
  expect({ granted, problems: watch.problems('orders') }).toEqual({ granted: 1, problems: [] });
  await watch.stop();
  expect(clock.timers).toBe(0);
});

test('nothing begins while nothing may be written: Kafka would refuse the producer for good', async () => {
  const clock = new FakeClock();
  let missing: readonly Need[] = [write];
  const watch = new AccessWatch({
    needs: [read, write],
    read: () => Promise.resolve(missing),
    onGranted: () => undefined,
    clock,
    logger: createLogger('silent'),
  });
  let begun = false;
  const started = watch.start().then(() => (begun = true));
  await clock.advance(10_000);
  expect(begun).toBe(false);
  missing = [];
  await clock.advance(2_000);
  await started;
  await watch.stop();
});

test('what nobody can tell is taken for allowed', async () => {
  const group: Need = { ...read, resource: 'group', name: 'orders-service', operation: 'Describe' };
  const sources = { topic: () => Promise.resolve([3, 8]), group: () => Promise.resolve(null) };
  await expect(missingOf([read, write, group], sources)).resolves.toEqual([write]);
});

test('an answer that does not come is told when nothing is being asked any more', async () => {
  const group: Need = { ...read, resource: 'group', name: 'orders-service', operation: 'Describe' };
  let answer: (allowed: null) => void = () => undefined;
  const slow = new Promise<null>((resolve) => {
    answer = resolve;
  });
  let told = false;
  const asking = missingOf([read, group], {
    topic: () => Promise.reject(new Error('Kafka is away')),
    group: () => slow,
  }).finally(() => {
    told = true;
  });
  const refused = expect(asking).rejects.toThrow('Kafka is away');
  await new Promise(setImmediate);
  expect(told).toBe(false);
  answer(null);
  await refused;
});

test('the commands grant all of a topic at once', () => {
  expect(aclCommands([read, write], { brokers: ['k:9093'], principal: 'User:retries' })).toEqual([
    'kafka-acls.sh --bootstrap-server k:9093 --add --allow-principal User:retries --operation Read --operation Write --topic orders.retry',
  ]);
});

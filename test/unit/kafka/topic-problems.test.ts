import { describe, expect, test } from '@jest/globals';
import type { RouteConfig } from '../../../src/config/config.ts';
import { surplusPartitions, topicProblems } from '../../../src/kafka/topic-problems.ts';
import { TestDesk } from '../../support/api.ts';

const route = new TestDesk({ topic: 'orders', retryTopic: 'orders.retry', deadLetterTopic: 'orders.dlq' })
  .config;
const elsewhere: RouteConfig = { ...route, redelivery: { ...route.redelivery, topic: 'orders.again' } };

function topics(counts: Record<string, number>) {
  return new Map(Object.entries(counts).map(([name, partitions]) => [name, { partitions, id: name }]));
}

const WELL = { orders: 3, 'orders.retry': 3, 'orders.dlq': 1 };

describe('the problems of a route’s topics', () => {
  test('there are none where all are there, and main and retry topic are of the same size', () => {
    expect(topicProblems(route, topics(WELL))).toEqual([]);
    expect(surplusPartitions(route, topics(WELL))).toEqual([]);
    expect(topicProblems(elsewhere, topics({ ...WELL, 'orders.again': 4 }))).toEqual([]);
  });

  test('a topic that is missing is to be created', () => {
    expect(topicProblems(elsewhere, topics({}))).toEqual(
      ['orders', 'orders.retry', 'orders.dlq', 'orders.again'].map(
        (name) => `topic ${name} does not exist; create it`,
      ),
    );
  });

  test.each([
    [5, 'consumers wait at partitions 3 to 4, and the others go on'],
    [4, 'consumers wait at partition 3, and the others go on'],
  ])('a main topic of %i partitions waits for its retry topic to grow', (partitions, rest) => {
    expect(topicProblems(route, topics({ ...WELL, orders: partitions }))).toEqual([
      `topic orders has ${partitions} partitions and orders.retry has 3: ` +
        `add partitions to orders.retry until it has ${partitions}; until then ${rest}`,
    ]);
  });

  test('a topic for redeliveries that is too small is to grow', () => {
    expect(topicProblems(elsewhere, topics({ ...WELL, 'orders.again': 1 }))).toEqual([
      'topic orders.again has 1 partitions and orders.retry has 3: add partitions to orders.again until it has 3; ' +
        'until then nothing is redelivered to partitions 1 to 2',
    ]);
  });

  test('a retry topic that is larger is no problem of the route, and is told', () => {
    const larger = topics({ ...WELL, 'orders.retry': 4 });
    expect(topicProblems(route, larger)).toEqual([]);
    expect(surplusPartitions(route, larger)).toEqual([
      'topic orders has 3 partitions and orders.retry has 4: add partitions to orders until it has 4; ' +
        'until then retry records in partition 3 can not be redelivered',
    ]);
  });
});

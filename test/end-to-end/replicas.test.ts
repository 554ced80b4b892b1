import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import type { KafkaRecord } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

const PARTITIONS = 6;
const KEYS = 30;
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

let bench: Bench<'shared'>;

beforeAll(async () => {
  bench = await Bench.open({
    ...{ replicas: 2, kafka: { sessionTimeout: '3s' } },
    routes: { shared: { partitions: PARTITIONS, settings: { backoff: { initial: '500ms', jitter: 0 } } } },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

test('while replicas join and are killed, every shard has one owner in the end, no message is lost, none overtaken, no key stuck', async () => {
  const { name, topic } = bench.route('shared');
  const history = new History();
  const sent: KafkaRecord[] = [];
  /** Five messages for each key, of which the first, third and fifth fail once. */
  const send = async (round: string): Promise<void> => {
    const records = Array.from({ length: 5 * KEYS }, (_, i) => {
      const key = i % KEYS;
      const turn = Math.floor(i / KEYS);
      return {
        key: `k${key}`,
        value: `${round}-${turn % 2 === 0 ? 'fails' : 'succeeds'}`,
        partition: key % PARTITIONS,
      };
    });
    sent.push(...(await bench.sender.sendAll(topic, records)));
  };
  /** Each shard is owned once, and no replica owns more than its share. */
  const shared = async (share: number): Promise<void> => {
    await bench.owned();
    // At the same time: they may be on their way once more.
    await waitFor(`a share of ${share} each`, async () => {
      const owned = bench.running.map((service) => service.metric('shards_owned', { route: name }));
      const shares = await Promise.all(owned);
      return shares.every((count) => count === share) && isDeepStrictEqual(await bench.shards('shared'), ALL);
    });
  };

  await using _consumer = await bench.consume('shared', {
    history,
    behaviour: ({ value, run }) => {
      if (value?.endsWith('fails') === true && run === 1) throw new Error('the first time');
    },
  });
  await shared(3);
  await send('two replicas');
  await bench.addReplica();
  await send('a third joined');
  await shared(2);

  await send('three replicas');
  // It owns shards, and the consumer may be asking just this one.
  await bench.services[1]!.kill();
  await send('one was killed');
  await shared(3);

  await history.allSucceeded(sent);
  expect(history.violations(sent)).toEqual([]);
  expect(history.repeated).toEqual([]);
  await bench.unlocked('shared');
});

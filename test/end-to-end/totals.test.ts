import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type SentinelSet, startSentinelSet } from '../../dev/stack/redis-sentinel.ts';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import type { KafkaRecord } from '../support/kafka-record.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { waitFor } from '../support/wait-for.ts';

const PARTITIONS = 4;
const KEYS = 20;

type Name = 'waiting' | 'moving';

let redis: SentinelSet;
let bench: Bench<Name>;
/** What replicas that are gone had counted: acquired − released. Nobody reports it any more. */
const gone: Record<Name, number> = { waiting: 0, moving: 0 };

beforeAll(async () => {
  redis = await startSentinelSet();
  bench = await Bench.open({
    ...{ replicas: 2, kafka: { sessionTimeout: '3s' } },
    redis: { sentinels: [redis.sentinel], sentinelName: redis.name },
    routes: {
      waiting: {
        partitions: PARTITIONS,
        settings: { backoff: { initial: '1h', multiplier: 1, max: '1h', jitter: 0 } },
      },
      moving: { partitions: PARTITIONS },
    },
  });
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const batch = (value: string): { key: string; value: string; partition: number }[] =>
  Array.from({ length: KEYS }, (_, key) => ({ key: `k${key}`, value, partition: key % PARTITIONS }));

async function sum(metric: string, name: Name, labels: Record<string, string> = {}): Promise<number> {
  const route = bench.route(name).name;
  const all = await Promise.all(bench.running.map((each) => each.metric(metric, { route, ...labels })));
  return all.reduce((total, one) => total + one, 0);
}

/** acquired − released, of one replica or of all that run. */
async function balance(name: Name, service?: ServiceProcess): Promise<number> {
  const labels = { route: bench.route(name).name };
  if (service === undefined)
    return (await sum('locks_acquired_total', name)) - (await sum('locks_released_total', name));
  return (
    (await service.metric('locks_acquired_total', labels)) -
    (await service.metric('locks_released_total', labels))
  );
}

/** Resolves when all that was counted, and the gauges, say that so many keys are locked. */
async function agreed(wanted: Record<Name, number>): Promise<void> {
  await bench.owned();
  const names = Object.keys(wanted) as Name[];
  const seen = async () =>
    Object.fromEntries(
      await Promise.all(
        names.map(async (name) => [
          name,
          {
            counted: (await balance(name)) + gone[name],
            gauge: await sum('locks_held', name),
            locks: (await bench.locks(name)).length,
          },
        ]),
      ),
    ) as unknown;
  const all = Object.fromEntries(
    names.map((name) => [name, { counted: wanted[name], gauge: wanted[name], locks: wanted[name] }]),
  );
  await waitFor('the totals to agree', async () => isDeepStrictEqual(await seen(), all), {
    ...{ every: 200 },
    state: seen,
  });
}

/** From here on nobody reports what this replica has counted. */
async function withoutItsCounters(service: ServiceProcess, end: () => Promise<unknown>): Promise<void> {
  for (const name of Object.keys(gone) as Name[]) gone[name] += await balance(name, service);
  await end();
}

test('acquired − released = held: while replicas join, leave and are killed, and after Redis has failed over', async () => {
  const history = new History();
  let isMended = false;
  await using _waiting = await bench.consume('waiting', {
    history,
    behaviour: () => {
      if (!isMended) throw new Error('fails for an hour');
    },
  });
  await using _moving = await bench.consume('moving', {
    history,
    behaviour: ({ value, run }) => {
      if (value!.startsWith('fails') && run === 1) throw new Error('the first time');
    },
  });
  const sent: KafkaRecord[] = [];
  const move = async (round: string): Promise<void> => {
    const { topic } = bench.route('moving');
    for (const value of [`fails ${round}`, `goes ${round}`, `fails again ${round}`])
      sent.push(...(await bench.sender.sendAll(topic, batch(value))));
  };
  const wait = await bench.sender.sendAll(bench.route('waiting').topic, batch('waits'));
  await move('two replicas');
  await agreed({ waiting: KEYS, moving: 0 });

  const { name } = bench.route('waiting');
  const locked = async (): Promise<number> => {
    const lines = await Promise.all(bench.services.map((service) => service.logged('key_locked')));
    return lines.flat().filter(({ route }) => route === name).length;
  };
  await waitFor('a line of the log for each lock', async () => (await locked()) === KEYS, { state: locked });

  // All that count go on running: nothing is missing, although keys are locked and unlocked while shards change hands.
  const joined = bench.addReplica();
  await move('a third one joins');
  await joined;
  await move('a third one has joined');
  await bench.owned();
  await move('three replicas');
  await agreed({ waiting: KEYS, moving: 0 });

  await withoutItsCounters(bench.services[2]!, () => bench.services[2]!.terminate());
  await agreed({ waiting: KEYS, moving: 0 });
  await withoutItsCounters(bench.services[1]!, () => bench.services[1]!.kill());
  await agreed({ waiting: KEYS, moving: 0 });

  await redis.primary.process.kill();
  await agreed({ waiting: KEYS, moving: 0 });
  expect(await sum('locks_released_total', 'waiting', { reason: 'lost' })).toBe(KEYS);
  await move('Redis is back');
  await bench.moved('hot_key_share', 'waiting');
  isMended = true;
  const path = `${bench.path('waiting')}/locks`;
  for (const { key } of batch('waits'))
    await bench.service.post(`${path}/${key}/actions`, { action: 'retry-now', reason: 'mended' });
  await history.allSucceeded([...wait, ...sent]);
  await agreed({ waiting: 0, moving: 0 });
});

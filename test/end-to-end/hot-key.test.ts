import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, type Handling, History } from '../support/history.ts';
import type { KafkaRecord } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

const PER_SECOND = 200;
const WITHIN = 1_000;
/** A machine that was busy with something else gets another chance, with another key. */
const CHANCES = 3;

let bench: Bench<'hot'>;

beforeAll(async () => {
  const backoff = { initial: '1s', multiplier: 2, max: '5s', jitter: 0 };
  bench = await Bench.open({ routes: { hot: { settings: { backoff } } } });
}, 60_000);

afterAll(() => bench[Symbol.asyncDispose]());

test(`a key with ${PER_SECOND} messages a second that failed once is unlocked within a second of its last retry, in order`, async () => {
  const history = new History();
  const behaviour = failFirst({ 'hot-0/20': 1, 'hot-1/20': 1, 'hot-2/20': 1 });
  await using consumer = await bench.consume('hot', { history, behaviour });
  const all: KafkaRecord[] = [];
  const took: number[] = [];
  while (took.length < CHANCES && (took.at(-1) ?? Infinity) > WITHIN) {
    const key = `hot-${took.length}`;
    const busy = keepBusy(key);
    const retry = await ended(history, 'the retry', ({ value, run }) => value === `${key}/20` && run === 2);
    const next = await ended(
      ...([history, 'a record that did not go through the retry topic'] as const),
      (one) => one.key === key && !one.redelivered && one.begunAt >= retry.endedAt!,
    ).finally(busy.stop);
    took.push(next.begunAt - retry.endedAt!);
    all.push(...(await busy.sent()));
  }
  await history.allSucceeded(all);
  await bench.unlocked('hot');
  const held = consumer.events.reduce((sum, event) => sum + (event.type === 'held' ? event.records : 0), 0);
  process.stdout.write(
    `hot key: unlocked ${took.join(', ')} ms after its last retry, ${held} records held\n`,
  );

  expect(history.violations(all)).toEqual([]);
  expect(history.repeated).toEqual([]);
  expect(took.at(-1)).toBeLessThan(WITHIN);
  expect(await bench.service.metric('handed_off_total', { route: bench.route('hot').name })).toBeGreaterThan(
    0,
  );
}, 120_000);

/** Sends messages of the key, and of others, at its pace, until it is stopped. */
function keepBusy(key: string): { stop: () => void; sent: () => Promise<KafkaRecord[]> } {
  const { topic } = bench.route('hot');
  const over = new AbortController();
  const run = async (): Promise<KafkaRecord[]> => {
    const sending: Promise<KafkaRecord>[] = [];
    const begun = performance.now();
    for (let count = 0; !over.signal.aborted;) {
      for (const due = ((performance.now() - begun) * PER_SECOND) / 1_000; count < due; count++) {
        sending.push(bench.sender.send(topic, { key, value: `${key}/${count}` }));
        sending.push(bench.sender.send(topic, { key: `cool-${count % 7}`, value: `c${count}` }));
      }
      await sleep(2);
    }
    return Promise.all(sending);
  };
  const sent = run();
  return {
    stop: () => {
      over.abort();
    },
    sent: () => sent,
  };
}

function ended(history: History, what: string, wanted: (one: Handling) => boolean): Promise<Handling> {
  const found = (): Handling | undefined =>
    history.handlings.find((one) => one.endedAt !== null && wanted(one));
  return waitFor(what, found, { every: 5, state: () => history.handlings.length });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, type Handling, History } from '../support/history.ts';
import type { KafkaRecord } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

const PER_SECOND = 200;
/** ms until the pace is halved. */
const PATIENCE = 12_000;

let bench: Bench<'hot'>;

beforeAll(async () => {
  const backoff = { initial: '1s', multiplier: 2, max: '5s', jitter: 0 };
  bench = await Bench.open({ routes: { hot: { settings: { backoff } } } });
});

afterAll(() => bench[Symbol.asyncDispose]());

test(`a key that stays busy is unlocked soon after its last retry, in order`, async () => {
  const history = new History();
  await using consumer = await bench.consume('hot', { history, behaviour: failFirst({ 'hot/20': 1 }) });
  const busy = keepBusy('hot');
  const retry = await ended(history, 'the retry', ({ value, run }) => value === 'hot/20' && run === 2);
  const next = await ended(
    ...([history, 'a record that did not go through the retry topic'] as const),
    (one) => one.key === 'hot' && !one.redelivered && one.begunAt >= retry.endedAt!,
  ).finally(busy.stop);
  const all = await busy.sent();
  await history.allSucceeded(all);
  await bench.unlocked('hot');
  const held = consumer.events.reduce((sum, event) => sum + (event.type === 'held' ? event.records : 0), 0);
  process.stdout.write(
    `hot key: unlocked ${next.begunAt - retry.endedAt!} ms after its last retry, ${held} records held\n`,
  );

  expect(history.violations(all)).toEqual([]);
  expect(history.repeated).toEqual([]);
  await bench.moved('handed_off_total', 'hot');
});

/**
 * Sends messages of the key, and of others, at its pace, until it is stopped. A machine that is too busy for that pace gets
 * half of it after a while, and so on.
 */
function keepBusy(key: string): { stop: () => void; sent: () => Promise<KafkaRecord[]> } {
  const { topic } = bench.route('hot');
  const over = new AbortController();
  const run = async (): Promise<KafkaRecord[]> => {
    const sending: Promise<KafkaRecord>[] = [];
    const begun = performance.now();
    let [count, due, last] = [0, 0, begun];
    while (!over.signal.aborted) {
      const now = performance.now();
      due += ((now - last) / 1_000) * Math.max(10, PER_SECOND / 2 ** Math.floor((now - begun) / PATIENCE));
      last = now;
      for (; count < due; count++) {
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
  return waitFor(what, found, { within: 120_000, every: 5, state: () => history.handlings.length });
}

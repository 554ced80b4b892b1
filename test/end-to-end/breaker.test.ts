import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { type Handling, History } from '../support/history.ts';
import type { KafkaRecord } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

/** `OUTAGE_SECONDS=30 npm run test:end-to-end -- breaker`: the whole of it. */
const OUTAGE = 1_000 * Number(process.env['OUTAGE_SECONDS'] ?? 6);
const PER_SECOND = 2_000;
const KEYS = 20_000;
const PARTITIONS = 4;
const PROBES = 5;
const MAX_PER_SECOND = 1_000;

let bench: Bench<'calls'>;

beforeAll(async () => {
  bench = await Bench.open({
    replicas: 2,
    routes: {
      calls: {
        partitions: PARTITIONS,
        settings: {
          backoff: { initial: '500ms', multiplier: 1, jitter: 0.2 },
          maxAttempts: 100,
          redelivery: { maxPerSecond: MAX_PER_SECOND, startPerSecond: 200 },
          breaker: { probes: PROBES },
        },
      },
    },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

interface Call {
  readonly handling: Handling;
  readonly begun: number;
  ended: number;
}

/** What the handlers call, and what it sees of them. */
class Dependency {
  readonly calls: Call[] = [];
  isDown = false;

  readonly handle = async (handling: Handling): Promise<void> => {
    const call: Call = { handling, begun: performance.now(), ended: Infinity };
    this.calls.push(call);
    await new Promise((resolve) => setTimeout(resolve, 5));
    call.ended = performance.now();
    if (this.isDown) throw new Error('the dependency is down');
  };

  /** The most of these calls under way at once. */
  mostAtOnce(calls: readonly Call[]): number {
    const changes = calls.flatMap(({ begun, ended }) => [[begun, 1] as const, [ended, -1] as const]);
    changes.sort(([a, more], [b, less]) => a - b || more - less);
    let [now, most] = [0, 0];
    for (const [, change] of changes) most = Math.max(most, (now += change));
    return most;
  }

  /** The most redeliveries in any second, by when the service sent them: this process may be busy. */
  mostRedelivered(): number {
    const redelivered = this.calls.filter(({ handling }) => handling.redelivered);
    const times = redelivered.map(({ handling }) => Number(handling.record.timestamp)).sort((a, b) => a - b);
    let [first, most] = [0, 0];
    times.forEach((time, last) => {
      while ((times[first] ?? 0) <= time - 1_000) first++;
      most = Math.max(most, last - first + 1);
    });
    return most;
  }
}

/** Sends so many records a second, until told to stop. */
async function load(topic: string, sent: Promise<KafkaRecord>[], until: () => boolean): Promise<void> {
  const begun = performance.now();
  while (!until()) {
    const due = ((performance.now() - begun) / 1_000) * PER_SECOND;
    while (sent.length < due) {
      const i = sent.length;
      const key = `k${String(i % KEYS)}`;
      sent.push(bench.sender.send(topic, { partition: i % PARTITIONS, key, value: String(i) }));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Of each key, messages whose first success came before that of an earlier one. */
function overtakings(dependency: Dependency, failed: ReadonlySet<Handling>): number {
  const last = new Map<string, number>();
  const seen = new Set<string>();
  let count = 0;
  for (const { handling } of dependency.calls) {
    if (failed.has(handling) || seen.has(handling.id)) continue;
    seen.add(handling.id);
    const key = handling.key ?? '';
    const value = Number(handling.value);
    if (value < (last.get(key) ?? -1)) count++;
    last.set(key, value);
  }
  return count;
}

async function breakerState(): Promise<string> {
  const { body } = await bench.service.get(bench.path('calls'));
  return (body as { breaker: { state: string } }).breaker.state;
}

test('while the dependency is down only probes reach it; afterwards everything is delivered, in order, and not too fast', async () => {
  const { name, topic } = bench.route('calls');
  const [history, dependency] = [new History(), new Dependency()];
  await using consumer = await bench.consume('calls', { history, behaviour: dependency.handle });
  const sending: Promise<KafkaRecord>[] = [];
  let stop = false;
  const loading = load(topic, sending, () => stop);
  await waitFor('the first second', () => dependency.calls.length > PER_SECOND);

  dependency.isDown = true;
  const downAt = performance.now();
  await waitFor('the breaker to open', async () => (await breakerState()) !== 'closed');
  const openAt = performance.now();
  const openSince = Date.now();
  // Each partition hears of it from a failure of its own.
  await waitFor('every partition to be blocked', () => {
    const blocked = consumer.events.filter(({ type, at }) => type === 'blocked' && at >= openSince - 1_000);
    return new Set(blocked.map((event) => 'partition' in event && event.partition)).size === PARTITIONS;
  });
  const blockedAt = performance.now();
  await waitFor('calls that had begun to end', () =>
    dependency.calls.every(({ begun, ended }) => begun > blockedAt || ended < Infinity),
  );
  await waitFor('both replicas to follow', async () => {
    const logs = await Promise.all(bench.services.map((service) => service.logged('route_control')));
    return logs.every((lines) => lines.some((line) => line['breaker'] === 'open'));
  });
  // What had been redelivered by then lies before these, and is still handled when its turn comes.
  const marks = await Promise.all(
    Array.from({ length: PARTITIONS }, (_, partition) =>
      bench.sender.send(topic, { partition, key: `mark${String(partition)}`, value: '0' }),
    ),
  );
  const settledAt = performance.now();
  await waitFor('the end of the outage', () => performance.now() - downAt >= OUTAGE, {
    within: OUTAGE + 60_000,
  });
  expect(await breakerState()).not.toBe('closed');
  dependency.isDown = false;
  const upAt = performance.now();
  stop = true;
  await loading;
  const isLeftOver = ({ redelivered, record }: Handling): boolean =>
    redelivered && record.offset < marks[record.partition]!.offset;
  const probing = dependency.calls.filter(
    ({ begun, handling }) => begun >= settledAt && begun < upAt && !isLeftOver(handling),
  );
  expect(probing.length).toBeGreaterThan(0);
  expect(dependency.mostAtOnce(probing)).toBeLessThanOrEqual(PROBES);

  const sent = await Promise.all(sending);
  // The probes lie behind what came in meanwhile.
  await waitFor('the breaker to close', async () => (await breakerState()) === 'closed', {
    within: 180_000,
  });
  const closedAt = performance.now();
  await history.allSucceeded(sent);
  const doneAt = performance.now();
  const failed = new Set(history.handlings.filter(({ outcome }) => outcome === 'failed'));
  expect(overtakings(dependency, failed)).toBe(0);
  // What a busy machine held up may go out at once: a tenth of a second's worth.
  expect(dependency.mostRedelivered()).toBeLessThanOrEqual(1.1 * MAX_PER_SECOND);
  expect(await bench.service.metric('dead_letter_depth', { route: name })).toBe(0);
  if (process.env['OUTAGE_SECONDS'] !== undefined) {
    const seconds = (from: number, to: number): string => ((to - from) / 1_000).toFixed(1);
    console.info(
      `${sent.length} messages, ${String(failed.size)} attempts failed; open after ${seconds(downAt, openAt)} s, settled after ${seconds(downAt, settledAt)} s; ` +
        `${String(probing.length)} calls until it was up, ${String(dependency.mostAtOnce(probing))} at once at most; ` +
        `closed ${seconds(upAt, closedAt)} s after, all delivered ${seconds(upAt, doneAt)} s after; ${String(dependency.mostRedelivered())} redeliveries in a second at most`,
    );
  }
});

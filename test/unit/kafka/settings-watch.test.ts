import { expect, test } from '@jest/globals';
import { ClusterGuard } from '../../../src/kafka/cluster-guard.ts';
import { UnsupportedAccess } from '../../../src/kafka/admin-access.ts';
import type { Read, TopicSettings } from '../../../src/kafka/cluster-view.ts';
import { SettingsWatch } from '../../../src/kafka/settings-watch.ts';
import { createLogger } from '../../../src/logger.ts';
import { TestDesk } from '../../support/api.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const SOUND: Read<TopicSettings> = { kind: 'read', value: { 'cleanup.policy': 'delete' } };
const COMPACTED: Read<TopicSettings> = { kind: 'read', value: { 'cleanup.policy': 'compact,delete' } };

/** A watch over the topics m, m.retry and m.dlq of one route, whose settings are in the test's hand. */
class Watched implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly lines: Record<string, unknown>[] = [];
  settings: Record<string, Read<TopicSettings>> = {};
  /** What opening the view ends with. */
  opening: () => Promise<void> = () => Promise.resolve();
  known = 0;
  closed = 0;
  opened = 0;
  readonly route = new TestDesk({ topic: 'm', retryTopic: 'm.retry', deadLetterTopic: 'm.dlq' }).config;
  readonly watch: SettingsWatch;

  constructor() {
    this.watch = new SettingsWatch({
      routes: [this.route],
      topics: (names) => Promise.resolve(new Map(names.map((name) => [name, { partitions: 1, id: '' }]))),
      open: async () => {
        await this.opening();
        this.opened++;
        return {
          settings: (names) =>
            Promise.resolve(new Map(names.map((name) => [name, this.settings[name] ?? SOUND]))),
          close: async () => {
            this.closed++;
          },
        };
      },
      onKnown: () => {
        this.known++;
      },
      clock: this.clock,
      logger: createLogger('info', {
        write: (line) => void this.lines.push(JSON.parse(line) as Record<string, unknown>),
      }),
    });
  }

  get events(): unknown[] {
    return this.lines.map((line) => line['event']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch.stop();
    expect(this.clock.timers).toBe(0);
    expect(this.closed).toBe(this.opened);
  }
}

test('releases wait for the first look, and then go', async () => {
  await using watched = new Watched();
  await watched.watch.start();
  expect(watched.watch.holds(watched.route.name)).toBe(true);
  await watched.clock.advance(0);
  expect(watched.watch.holds(watched.route.name)).toBe(false);
  expect(watched.known).toBe(1);
  expect(watched.lines).toEqual([]);
});

test('releases wait no longer than 3 s for a broker that does not answer', async () => {
  await using watched = new Watched();
  let answer: () => void = () => undefined;
  watched.opening = () => new Promise((resolve) => (answer = resolve));
  await watched.watch.start();
  await watched.clock.advance(2_999);
  expect(watched.watch.holds(watched.route.name)).toBe(true);
  await watched.clock.advance(1);
  expect(watched.watch.holds(watched.route.name)).toBe(false);
  answer();
});

test.each([['m'], ['m.retry']])('with %s compacted nothing is released until it is mended', async (topic) => {
  await using watched = new Watched();
  watched.settings[topic] = COMPACTED;
  await watched.watch.start();
  await watched.clock.advance(60_000);
  expect(watched.watch.holds(watched.route.name)).toBe(true);
  expect(watched.watch.problems(watched.route.name)).toEqual([
    expect.stringContaining(`topic ${topic} is compacted`),
  ]);
  watched.settings = {};
  await watched.clock.advance(5_000);
  expect(watched.watch.holds(watched.route.name)).toBe(false);
  expect(watched.watch.problems(watched.route.name)).toEqual([]);
  expect(watched.events).toEqual(['route_degraded', 'route_recovered']);
});

test('a compacted dead-letter topic holds nothing up', async () => {
  await using watched = new Watched();
  watched.settings['m.dlq'] = COMPACTED;
  await watched.watch.start();
  await watched.clock.advance(0);
  expect(watched.watch.holds(watched.route.name)).toBe(false);
});

test('what can not be read is said once, and holds nothing up', async () => {
  await using watched = new Watched();
  watched.settings['m.retry'] = { kind: 'unreadable', why: 'TOPIC_AUTHORIZATION_FAILED' };
  await watched.watch.start();
  await watched.clock.advance(300_000);
  expect(watched.watch.holds(watched.route.name)).toBe(false);
  expect(watched.lines).toMatchObject([
    { event: 'topic_settings_unread', topic: 'm.retry', why: 'TOPIC_AUTHORIZATION_FAILED' },
  ]);
});

test('the topics are looked at once a minute', async () => {
  await using watched = new Watched();
  await watched.watch.start();
  await watched.clock.advance(59_999);
  expect(watched.opened).toBe(1);
  watched.settings['m.retry'] = COMPACTED;
  await watched.clock.advance(1);
  expect(watched.watch.holds(watched.route.name)).toBe(true);
});

/** A guard that finds what `answers` say, one after another; an error is thrown. */
function aGuard(expected: string | null, ...answers: (string | Error)[]) {
  const clock = new FakeClock();
  let asked = 0;
  const guard = new ClusterGuard({
    expected,
    open: async () => {
      const answer = answers[asked++] ?? new Error('too often');
      if (answer instanceof Error) throw answer;
      return { cluster: async () => ({ id: answer, brokers: [] }), close: async () => undefined };
    },
    clock,
    logger: createLogger('silent'),
  });
  return { guard, clock, asked: () => asked };
}

test('any cluster will do where none is named', async () => {
  const { guard, asked } = aGuard(null);
  await guard.start();
  expect(asked()).toBe(0);
});

test('the cluster that is named is waited for', async () => {
  const { guard, clock } = aGuard('mine', new Error('away'), 'mine');
  const started = guard.start();
  await clock.advance(1_000);
  await expect(started).resolves.toBeUndefined();
});

test('another cluster is refused, with what was expected and what was found', async () => {
  await expect(aGuard('mine', 'yours').guard.start()).rejects.toThrow(
    'this is the Kafka cluster yours, and kafka.clusterId says mine',
  );
});

test('a cluster that can not be asked is refused', async () => {
  const { guard } = aGuard('mine', new UnsupportedAccess('it can not log in by sasl.mechanism OAUTHBEARER'));
  await expect(guard.start()).rejects.toThrow(
    /can not be checked: it can not log in .* OAUTHBEARER; leave it out/,
  );
});

test('waiting for a cluster ends with the service', async () => {
  const { guard, clock } = aGuard('mine', new Error('away'));
  const started = guard.start();
  await clock.advance(0);
  await guard.stop();
  await expect(started).rejects.toThrow('stopped');
  expect(clock.timers).toBe(0);
});

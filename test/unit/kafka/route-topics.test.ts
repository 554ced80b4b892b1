import { expect, test } from '@jest/globals';
import { RouteTopics } from '../../../src/kafka/route-topics.ts';
import { createLogger } from '../../../src/logger.ts';
import { TestDesk } from '../../support/api.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const MINUTE = 60_000;

/** A watch over topics whose sizes are in the test's hand. */
class Watched implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly lines: Record<string, unknown>[] = [];
  sizes: Record<string, number> | Error;
  asked = 0;
  ids: { readonly retry: string; readonly main: string } | undefined;
  deadLetters: unknown;
  readonly topics: RouteTopics;

  private constructor(sizes: Record<string, number> | Error) {
    this.sizes = sizes;
    const { config: route } = new TestDesk({ topic: 'm', retryTopic: 'm.retry', deadLetterTopic: 'm.dlq' });
    this.topics = new RouteTopics({
      route,
      onIds: (ids) => (this.ids = ids),
      onDeadLetters: (topic) => (this.deadLetters = topic),
      clock: this.clock,
      logger: createLogger('info', {
        write: (line) => void this.lines.push(JSON.parse(line) as Record<string, unknown>),
      }),
      offsets: {
        topics: () => {
          this.asked++;
          if (this.sizes instanceof Error) return Promise.reject(this.sizes);
          return Promise.resolve(
            new Map(Object.entries(this.sizes).map(([name, partitions]) => [name, { partitions, id: name }])),
          );
        },
        ranges: () => Promise.resolve(new Map([[0, { first: 2, end: 7 }]])),
      },
    });
  }

  static async start(sizes: Record<string, number> | Error): Promise<Watched> {
    const watched = new Watched(sizes);
    await watched.topics.start();
    return watched;
  }

  events(): unknown[] {
    return this.lines.map((line) => line['event']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.topics.stop();
    expect(this.clock.timers).toBe(0);
  }
}

const WELL = { m: 2, 'm.retry': 2, 'm.dlq': 1 };

test('a route whose topics are well says nothing, and tells of its dead-letter topic', async () => {
  await using watched = await Watched.start(WELL);
  await watched.clock.advance(MINUTE);
  expect(watched.topics).toMatchObject({ partitions: 2, mainPartitions: 2, problems: [] });
  expect(watched.deadLetters).toEqual({ id: 'm.dlq', ranges: new Map([[0, { first: 2, end: 7 }]]) });
  expect(watched.lines).toEqual([]);
});

test('partitions that are added while it runs degrade the route until the retry topic has grown too', async () => {
  await using watched = await Watched.start(WELL);
  watched.sizes = { ...WELL, m: 3 };
  await watched.clock.advance(MINUTE);
  expect(watched.topics).toMatchObject({ partitions: 2, mainPartitions: 3 });
  expect(watched.topics.problems).toEqual([
    expect.stringContaining('add partitions to m.retry until it has 3'),
  ]);
  watched.sizes = { ...WELL, m: 3, 'm.retry': 3 };
  await watched.clock.advance(MINUTE);
  expect(watched.topics).toMatchObject({ partitions: 3, mainPartitions: 3, problems: [] });
  // Each once, however often it was looked at.
  expect(watched.events()).toEqual(['route_degraded', 'route_recovered']);
});

test('a retry topic that grows first degrades nothing', async () => {
  await using watched = await Watched.start(WELL);
  watched.sizes = { ...WELL, 'm.retry': 3 };
  await watched.clock.advance(MINUTE);
  expect(watched.topics).toMatchObject({ partitions: 3, problems: [] });
  watched.sizes = { ...WELL, m: 3, 'm.retry': 3 };
  await watched.clock.advance(MINUTE);
  expect(watched.events()).toEqual(['retry_topic_larger']);
});

test('a topic that is deleted is named, and keeps its partitions until it is made anew', async () => {
  await using watched = await Watched.start(WELL);
  watched.sizes = { m: 2, 'm.dlq': 1 };
  await watched.clock.advance(MINUTE);
  expect(watched.topics).toMatchObject({
    partitions: 2,
    problems: ['topic m.retry does not exist; create it'],
  });
  watched.sizes = { ...WELL, 'm.retry': 3 };
  await watched.clock.advance(MINUTE);
  expect(watched.topics).toMatchObject({ partitions: 3, problems: [] });
  expect(watched.events()).toEqual(['route_degraded', 'route_recovered', 'retry_topic_larger']);
});

test('who the topics are is told after each look, so that one that was made anew is noticed', async () => {
  await using watched = await Watched.start(WELL);
  expect(watched.ids).toEqual({ retry: 'm.retry', main: 'm' });
  watched.sizes = { m: 2, 'm.dlq': 1 };
  await watched.clock.advance(MINUTE);
  expect(watched.ids).toEqual({ retry: '', main: 'm' });
});

test('while Kafka does not answer, what it said last stands, and the log says so once', async () => {
  await using watched = await Watched.start({ ...WELL, m: 3 });
  const { problems } = watched.topics;
  watched.sizes = new Error('no broker');
  await watched.clock.advance(MINUTE);
  expect(watched.topics).toMatchObject({ partitions: 2, mainPartitions: 3, problems });
  watched.sizes = { ...WELL, m: 3 };
  await watched.clock.advance(MINUTE);
  expect(watched.events()).toEqual(['route_degraded', 'topics_unknown', 'topics_known']);
});

test('until Kafka has answered for the first time, nothing is known', async () => {
  await using watched = await Watched.start(new Error('no broker'));
  expect(watched.topics).toMatchObject({ partitions: 0, mainPartitions: 0 });
  expect(watched.topics.problems).toEqual(['Kafka has not said yet what topics it has']);
  watched.sizes = WELL;
  await watched.clock.advance(MINUTE);
  expect(watched.topics).toMatchObject({ partitions: 2, problems: [] });
  expect(watched.events()).toEqual(['topics_unknown', 'topics_known']);
});

test('whoever wants to know now is told by a look of its own, at most one a second', async () => {
  await using watched = await Watched.start(WELL);
  await watched.clock.advance(1_500);
  watched.sizes = { ...WELL, m: 3 };
  await Promise.all([watched.topics.refresh(), watched.topics.refresh()]);
  expect(watched.topics.mainPartitions).toBe(3);
  await watched.topics.refresh();
  expect(watched.asked).toBe(2);
});

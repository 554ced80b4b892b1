import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { header, text } from '../support/kafka-record.ts';
import { TopicReader } from '../support/topic-reader.ts';
import { createTopics } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

interface Told {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

test('the life of a key is written as CloudEvents, and a message that failed for good is told to the webhook', async () => {
  const events = `e${randomBytes(4).toString('hex')}`;
  const audit = `${events}.audit`;
  await createTopics([
    { topic: events, partitions: 1, config: { 'max.message.bytes': '20000' } },
    // It takes nothing.
    { topic: audit, partitions: 1, config: { 'max.message.bytes': '1' } },
  ]);
  await using hook = await Hook.open();
  await using bench = await Bench.open({
    routes: { holds: { settings: { maxAttempts: 2, afterDeadLetter: 'hold' } } },
    settings: { events: { topic: events }, audit: { topic: audit }, notify: { url: hook.url, keys: true } },
    replicas: 2,
  });
  await using reader = await TopicReader.open(events, 1);
  const { topic, name } = bench.route('holds');
  const history = new History();
  await using _consumer = await bench.consume('holds', {
    history,
    behaviour: failFirst({ poison: Infinity, late: 1 }),
  });
  const [poison, late] = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'poison' },
    { key: 'b', value: 'late' },
  ]);
  await reader.atLeast(7, 'event');
  await bench.moved('parked_keys', 'holds');
  await bench.service.post(`${bench.path('holds')}/locks/a/actions`, { action: 'unpark', reason: 'seen' });
  await reader.atLeast(9, 'event');

  const of = (key: string): unknown[] =>
    reader.records
      .filter((record) => text(record.key) === key)
      .map((record) => {
        expect(header(record, 'content-type')).toBe('application/cloudevents+json; charset=UTF-8');
        const { type, data } = JSON.parse(text(record.value)!) as Told;
        const { route, partition, origin, key: _key, ...facts } = data;
        expect([route, partition]).toEqual([name, 0]);
        const { offset = null } = (origin ?? {}) as { offset?: number };
        return { type: type.replace('retry-orchestrator.', ''), offset, ...facts };
      });
  const { offset } = poison!;
  expect(of('a')).toEqual([
    { type: 'locked', offset },
    { type: 'retried', offset, attempt: 2, result: 'failed', errorClass: 'Error' },
    { type: 'dead-lettered', offset, attempt: 2, reason: 'exhausted', errorClass: 'Error' },
    { type: 'parked', offset: null, reason: 'dead-letter' },
    { type: 'unparked', offset: null },
    { type: 'unlocked', offset: null, reason: 'dead-lettered' },
  ]);
  expect(of('b')).toEqual([
    { type: 'locked', offset: late!.offset },
    { type: 'retried', offset: late!.offset, attempt: 2, result: 'succeeded' },
    { type: 'unlocked', offset: null, reason: 'succeeded' },
  ]);

  await waitFor('the notification', () => hook.bodies.length > 0);
  expect(hook.bodies).toMatchObject([
    {
      ...{ route: name, failed: 1, parkedKeys: 1, reasons: { exhausted: 1 }, errors: { Error: 1 } },
      examples: [{ origin: { topic, partition: 0, offset }, key: 'a', attempt: 2, reason: 'exhausted' }],
    },
  ]);
  await bench.moved('events_written_total', 'holds');
  await bench.moved('notifications_total', 'holds', { result: 'sent' });
  await bench.moved('audit_failures_total', 'holds', { target: 'kafka' });

  const large = await bench.sender.send(topic, { key: randomBytes(15_000).toString('hex'), value: 'late' });
  await history.allSucceeded([large]);
  await bench.moved('events_dropped_total', 'holds');
  for (const service of bench.services) expect(await service.output()).not.toContain('SECRET');
});

/** A webhook that takes everything. */
class Hook implements AsyncDisposable {
  readonly bodies: unknown[] = [];
  readonly #server = createServer((request, response) => {
    void readText(request).then((body) => {
      this.bodies.push(JSON.parse(body));
      response.end();
    });
  });

  static async open(): Promise<Hook> {
    const hook = new Hook();
    hook.#server.listen(0, '127.0.0.1');
    await once(hook.#server, 'listening');
    return hook;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/SECRET`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

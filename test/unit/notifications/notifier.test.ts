import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { createLogger } from '../../../src/logger.ts';
import type { GivenUp } from '../../../src/notifications/digest.ts';
import { Notifier } from '../../../src/notifications/notifier.ts';
import { postTo } from '../../../src/notifications/webhook.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { waitFor } from '../../support/wait-for.ts';

const INTERVAL = 300_000;
const SECRET = '/services/T0/SECRET';

function message(offset: number, more: Partial<GivenUp> = {}): GivenUp {
  return {
    origin: { topic: 'orders', partition: 1, offset },
    key: Buffer.from(`order-${String(offset)}`),
    attempt: 3,
    reason: 'exhausted',
    errorClass: 'Timeout',
    parks: false,
    at: Date.parse('2026-01-01T00:00:00Z'),
    ...more,
  };
}

interface Body {
  readonly failed: number;
  readonly reasons: Record<string, number>;
  readonly examples: unknown[];
}

/** A webhook, as a real server, with a notifier of one route that tells it. */
class Hook implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly bodies: Body[] = [];
  readonly lines: string[] = [];
  readonly ends: string[] = [];
  /** What the server does with each call; default: takes it. */
  answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => {
    response.end();
  };
  calls = 0;
  /** When our turn is, on the fake clock. */
  turns: (() => Promise<number>)[] = [];
  readonly #server = createServer((request, response) => void this.#take(request, response));
  notifier!: Notifier;
  url = '';

  static async open(): Promise<Hook> {
    const hook = new Hook();
    hook.#server.listen(0, '127.0.0.1');
    await once(hook.#server, 'listening');
    hook.url = `http://127.0.0.1:${String((hook.#server.address() as AddressInfo).port)}${SECRET}`;
    let nextTurn = -Infinity;
    hook.notifier = new Notifier({
      wording: { format: 'json', keys: false, link: null, environment: null },
      interval: INTERVAL,
      turn: () => {
        const given = hook.turns.shift();
        if (given !== undefined) return given();
        const now = hook.clock.monotonic();
        if (now < nextTurn) return Promise.resolve(nextTurn - now);
        nextTurn = now + INTERVAL;
        return Promise.resolve(0);
      },
      post: (body, signal) => postTo(hook.url, body, signal),
      onEnd: (_route, end) => {
        hook.ends.push(end);
      },
      clock: hook.clock,
      logger: createLogger('debug', { write: (line) => void hook.lines.push(line) }),
    });
    return hook;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    this.bodies.push(JSON.parse(body) as Body);
    this.answer(response, request);
    // Only now: who waits for a call may look at what became of it.
    this.calls++;
  }

  /** Lets time pass until the server has been called so often, and the notifier has heard its answers. */
  async called(times: number, step: number): Promise<void> {
    await waitFor(`${String(times)} calls`, async () => {
      if (this.calls < times) await this.clock.advance(step);
      return this.calls >= times;
    });
  }

  async ended(count: number): Promise<void> {
    await waitFor(`${String(count)} ends`, () => this.ends.length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.notifier.stop();
    expect(this.clock.timers).toBe(0);
    expect(this.lines.join('\n')).not.toContain('SECRET');
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

test('the first is told at once, and what comes after it in one digest an interval later', async () => {
  await using hook = await Hook.open();
  hook.notifier.gaveUp('orders', message(1));
  await hook.clock.advance(1_000);
  await hook.ended(1);
  expect(hook.bodies).toMatchObject([{ route: 'orders', failed: 1 }]);
  for (let offset = 2; offset < 12; offset++) hook.notifier.gaveUp('orders', message(offset));
  hook.notifier.gaveUp('orders', message(12, { reason: 'fatal', errorClass: '' }));
  await hook.clock.advance(INTERVAL - 1_001);
  expect(hook.calls).toBe(1);
  await hook.clock.advance(1_001);
  await hook.ended(2);
  expect(hook.bodies[1]).toMatchObject({
    failed: 11,
    reasons: { exhausted: 10, fatal: 1 },
    errors: { Timeout: 10, '(none)': 1 },
    examples: [2, 3, 4, 5, 6].map((offset) => ({ origin: { offset } })),
  });
  expect(hook.clock.timers).toBe(0);
});

test('after a quiet interval the next one is told at once again', async () => {
  await using hook = await Hook.open();
  hook.notifier.gaveUp('orders', message(1));
  await hook.clock.advance(1_000);
  await hook.ended(1);
  await hook.clock.advance(2 * INTERVAL);
  hook.notifier.gaveUp('orders', message(2));
  await hook.clock.advance(1_000);
  await hook.ended(2);
});

test('it is tried again, and what was never taken goes with the next digest', async () => {
  await using hook = await Hook.open();
  hook.answer = (response) => {
    response.writeHead(503).end();
  };
  hook.notifier.gaveUp('orders', message(1));
  await hook.called(5, 500);
  await hook.ended(1);
  expect(hook.ends).toEqual(['failed']);
  hook.notifier.gaveUp('orders', message(2));
  hook.answer = (response) => {
    response.end();
  };
  await hook.called(6, 10_000);
  await hook.ended(2);
  expect(hook.ends).toEqual(['failed', 'sent']);
  expect(hook.bodies.at(-1)).toMatchObject({ failed: 2 });
  expect(hook.lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
    'notification_failed',
    'notifications_go_on',
  ]);
});

test('a redirection is not followed', async () => {
  await using hook = await Hook.open();
  hook.answer = (response, { url }) => {
    if (url === SECRET) response.writeHead(302, { location: '/inside' }).end();
    else throw new Error('followed');
  };
  hook.notifier.gaveUp('orders', message(1));
  await hook.called(1, 500);
  await waitFor('the refusal', () => hook.lines.some((line) => line.includes('it answered 302')));
  expect(hook.calls).toBe(1);
});

test('a webhook that says nothing does not hold up the end of the process', async () => {
  await using hook = await Hook.open();
  hook.answer = () => undefined;
  hook.notifier.gaveUp('orders', message(1));
  await hook.called(1, 500);
  await hook.notifier.stop();
  expect(hook.ends).toEqual([]);
});

test('while another replica has had its turn, ours is waited for', async () => {
  await using hook = await Hook.open();
  hook.turns.push(() => Promise.resolve(70_000));
  hook.notifier.gaveUp('orders', message(1));
  await hook.clock.advance(70_999);
  expect(hook.calls).toBe(0);
  await hook.clock.advance(1);
  await hook.ended(1);
});

test('where Redis does not say whose turn it is, the interval is kept all the same', async () => {
  await using hook = await Hook.open();
  const away = (): Promise<number> => Promise.reject(new Error('Redis is away'));
  hook.turns = Array.from({ length: 3 }, () => away);
  hook.notifier.gaveUp('orders', message(1));
  await hook.clock.advance(1_000);
  await hook.ended(1);
  hook.notifier.gaveUp('orders', message(2));
  await hook.clock.advance(INTERVAL - 1_001);
  expect(hook.calls).toBe(1);
  await hook.clock.advance(1_001);
  await hook.ended(2);
});

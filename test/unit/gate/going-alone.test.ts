import { describe, expect, it } from '@jest/globals';
import { FatalError, RetryLaterError } from '../../../src/gate/errors.ts';
import type { Gate } from '../../../src/gate/gate.ts';
import { headerMap } from '../../../src/gate/headers.ts';
import type { GateOptions } from '../../../src/gate/options.ts';
import type { Handler } from '../../../src/gate/record.ts';
import { failing, GateHarness, record, redelivered } from './support/gate-harness.ts';
import { headersOf, type SeenCall } from './support/scripted-service.ts';

const PATIENCE = 2_000;
const notReady = {
  status: 503,
  body: { code: 'NOT_READY', message: '', retryable: true },
  headers: { 'retry-after': '1' },
};
const fenced = { status: 409, body: { code: 'FENCED', message: '', retryable: false } };
const kinds: SeenCall['kind'][] = ['claims', 'renewals', 'admissions', 'outcomes'];

class Harness extends GateHarness {
  /** No call is answered any more. */
  silence(answer: 'no answer' | 'never' | typeof notReady = 'no answer'): this {
    for (const kind of kinds) this.service.always.set(kind, () => answer);
    return this;
  }

  back(): this {
    this.service.always.clear();
    return this;
  }

  locking(...keys: string[]): this {
    this.service.once('claims', () => this.service.claim({ lockedKeys: keys.map((key) => ({ key })) }));
    return this;
  }

  /** A gate that has gone alone over a failure of key `first`, at offset 0. */
  async alone(more: { listed?: string[] } = {}): Promise<Gate> {
    this.locking(...(more.listed ?? []));
    const gate = await this.gate();
    this.silence();
    void this.handle(gate, record(0, 'first'), failing);
    await this.clock.advance(PATIENCE);
    this.published.length = 0;
    return gate;
  }

  get headers(): Record<string, string>[] {
    return this.published.flat().map(({ headers }) => {
      const map = headerMap(headers);
      return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, String(value)]));
    });
  }

  told(type: string): object[] {
    return this.events.filter((event) => event.type === type);
  }
}

const harness = (more: Partial<GateOptions> = {}): Harness =>
  new Harness({ proveOwnership: async () => true, ...more });

describe('a failed record that nobody answers for', () => {
  it.each(['no answer', 'never', notReady] as const)('is published after patience: %j', async (silence) => {
    const h = harness();
    const gate = await h.gate();
    h.silence(silence);
    const finish = h.handle(gate, record(5), failing);
    await h.clock.advance(PATIENCE - 1);
    expect(h.published).toEqual([]);
    await h.clock.advance(1);
    expect(await finish).toBe('redirected');
    expect(h.headers).toEqual([
      {
        'x-retry-route': 'orders',
        'x-retry-origin-topic': 'orders',
        'x-retry-origin-partition': '0',
        'x-retry-origin-offset': '5',
        'x-retry-origin-timestamp': '1700000000005',
        'x-retry-attempt': '1',
        'x-retry-reason': 'failed',
        'x-retry-claim': '101',
        'x-retry-error-class': 'TypeError',
        'x-retry-error-message': 'no stock',
        'x-retry-unannounced': 'true',
      },
    ]);
    expect(h.told('going-alone')).toEqual([
      { type: 'going-alone', partition: 0, listedKeys: 0, complete: true },
    ]);
    await gate.close();
  });

  it.each([
    ['fatal', new FatalError('never'), { 'x-retry-fatal': 'true' }],
    ['not before', new RetryLaterError(7_000), { 'x-retry-delay-ms': '7000' }],
  ])('says what the handler wished: %s', async (_name, thrown, expected) => {
    const h = harness();
    const gate = await h.alone();
    const finish = h.handle(gate, record(5), () => {
      throw thrown;
    });
    expect(await finish).toBe('redirected');
    expect(h.headers[0]).toMatchObject(expected);
    await gate.close();
  });

  it('waits once: what fails afterwards is published at once, and other keys never waited', async () => {
    const h = harness();
    const gate = await h.alone();
    const at = h.clock.now();
    expect(gate.pass(record(6, 'other'))).toBe(true);
    expect(await h.handle(gate, record(7, 'more'), failing)).toBe('redirected');
    expect(h.clock.now()).toBe(at);
    await gate.close();
  });

  it('waits as long as it takes with `patienceMs: Infinity`', async () => {
    const h = harness({ patienceMs: Infinity });
    const gate = await h.gate();
    h.silence();
    void h.handle(gate, record(5), failing);
    await h.clock.advance(120_000);
    expect(h.published).toEqual([]);
    await gate.close();
  });
});

describe('later records while alone', () => {
  it('follow the failed one of their key, and those of listed keys; others are handled', async () => {
    const h = harness();
    const gate = await h.alone({ listed: ['listed'] });
    const rest = [record(1, 'first'), record(2, 'listed'), record(3, 'free')];
    expect(await Promise.all(rest.map((one) => h.handle(gate, one)))).toEqual([
      'redirected',
      'redirected',
      'handled',
    ]);
    expect(h.headers.map((one) => one['x-retry-origin-offset'])).toEqual(['1', '2']);
    for (const one of h.headers) {
      expect(one).toMatchObject({ 'x-retry-attempt': '0', 'x-retry-reason': 'behind' });
      expect(one).not.toHaveProperty('x-retry-error-class');
    }
    await gate.close();
  });

  it('all follow where the list was not complete', async () => {
    const h = harness();
    h.service.once('claims', () => h.service.claim({ complete: false }));
    const gate = await h.gate();
    h.silence();
    const finish = h.handle(gate, record(1, 'any'));
    await h.clock.advance(PATIENCE);
    expect(await finish).toBe('redirected');
    expect(await h.handle(gate, record(2, 'another'))).toBe('redirected');
    await gate.close();
  });
});

describe('redelivered records while alone', () => {
  it('are passed over, and their key is on the list from there on', async () => {
    const h = harness();
    const gate = await h.alone();
    expect(gate.pass(record(39, 'retried'))).toBe(true);
    expect(await h.handle(gate, redelivered(40, 4, 'retried'))).toBe('skipped');
    expect(await h.handle(gate, record(41, 'retried'))).toBe('redirected');
    expect(h.log).not.toContain('handler 40 attempt 3');
    await gate.close();
  });

  it('that had a verdict and were not handled yet are passed over too', async () => {
    const h = harness({ patienceMs: 500 });
    const gate = await h.gate();
    let free = (): void => undefined;
    // They wait behind a third, so that both are asked about together.
    h.service.once('admissions', { body: { verdicts: [{ verdict: 'skip' }] } });
    h.service.once('admissions', { body: { verdicts: [{ verdict: 'process' }, { verdict: 'process' }] } });
    const slow: Handler = () => new Promise<void>((resolve) => (free = resolve));
    const third = h.handle(gate, redelivered(9, 2));
    const rest = [h.handle(gate, redelivered(10, 3), slow), h.handle(gate, redelivered(11, 4))];
    await third;
    await h.clock.advance(0);
    h.silence();
    void h.handle(gate, record(20, 'other'), failing);
    await h.clock.advance(500);
    free();
    expect(await Promise.all(rest)).toEqual(['unreported', 'skipped']);
    await gate.close();
  });

  it('whose handler has run are told about under the next claim, before anything else', async () => {
    const h = harness();
    const gate = await h.gate();
    const finish = { ok: (): void => undefined, fail: (): void => undefined };
    const first = h.handle(gate, redelivered(10, 3, 'a'), () => new Promise<void>((ok) => (finish.ok = ok)));
    const second = h.handle(
      gate,
      redelivered(11, 4, 'b'),
      () =>
        new Promise<void>(
          (_ok, no) =>
            (finish.fail = () => {
              no(new TypeError('no stock'));
            }),
        ),
    );
    await h.clock.advance(0);
    h.silence();
    finish.ok();
    finish.fail();
    await h.clock.advance(PATIENCE);
    expect(await Promise.all([first, second])).toEqual(['unreported', 'unreported']);
    h.back();
    // The service delivers the first once more, before it has heard.
    h.service.calls.length = 0;
    const again = h.handle(gate, redelivered(12, 3, 'a', 't3-again'));
    expect(await again).toBe('skipped');
    await h.clock.until(() => h.service.of('outcomes').length > 0);
    const [claim, told] = h.service.calls.filter(({ kind }) => kind !== 'renewals').slice(-2);
    expect([claim?.kind, told?.kind]).toEqual(['claims', 'outcomes']);
    expect(told?.body['outcomes']).toEqual([
      { key: 'a', offset: 3, delivery: 't3', result: 'succeeded' },
      {
        ...{ key: 'b', offset: 4, delivery: 't4', result: 'failed' },
        error: { class: 'TypeError', message: 'no stock' },
      },
    ]);
    await gate.close();
  });

  it('are told about once more, without waiting, when the partition is taken away meanwhile', async () => {
    const h = harness();
    const gate = await h.gate();
    let free = (): void => undefined;
    const done = h.handle(gate, redelivered(10, 3), () => new Promise<void>((resolve) => (free = resolve)));
    await h.clock.advance(0);
    h.silence();
    free();
    await h.clock.advance(PATIENCE);
    expect(await done).toBe('unreported');
    h.service.calls.length = 0;
    await gate.revoked([0], 0);
    await h.clock.advance(0);
    expect(h.service.of('outcomes').map(({ body }) => body['outcomes'])).toEqual([
      [{ key: 'k', offset: 3, delivery: 't3', result: 'succeeded' }],
    ]);
    await gate.close();
  });
});

describe('who may not go alone', () => {
  it('a consumer that has no claim yet: its records wait', async () => {
    const h = harness().silence();
    const gate = await h.gate();
    const finish = h.handle(gate, record(1), failing);
    await h.clock.advance(60_000);
    expect(h.log).toEqual([]);
    expect(h.told('going-alone')).toEqual([]);
    h.back();
    await h.clock.advance(6_000);
    expect(await finish).toBe('redirected');
    await gate.close();
  });

  it('one that was fenced', async () => {
    const h = harness();
    const gate = await h.gate();
    h.silence().service.once('outcomes', fenced);
    void h.handle(gate, record(1), failing);
    await h.clock.advance(60_000);
    expect(h.published).toEqual([]);
    expect(gate.pass(record(2, 'other'))).toBe(false);
    await gate.close();
  });

  it('one that hears of it while alone: what it decided before is in its next claim', async () => {
    const h = harness();
    const gate = await h.alone();
    h.publishing = () => new Promise(() => undefined);
    void h.handle(gate, record(5, 'k'), failing);
    await h.clock.advance(0);
    h.service.once('claims', fenced);
    await h.clock.until(() => h.told('claim-ended').length > 0);
    expect(gate.pass(record(6, 'other'))).toBe(false);
    void h.handle(gate, record(7, 'late'), failing);
    await h.clock.advance(60_000);
    expect(h.log).not.toContain('handler 7 attempt 1');
    h.back();
    h.service.calls.length = 0;
    await h.clock.until(() => h.told('with-service-again').length > 0 || h.told('claimed').length > 1);
    expect(h.service.of('claims')[0]?.body['outstanding']).toMatchObject([{ key: 'k', offset: 5 }]);
    await gate.close();
  });

  it('one whose last poll is too old: it may have lost the partition', async () => {
    const h = harness({ maxPollAgeMs: 1_000 });
    const gate = await h.gate();
    gate.polled();
    h.silence();
    void h.handle(gate, record(5), failing);
    await h.clock.advance(20_000);
    expect(h.published).toEqual([]);
    gate.polled();
    await h.clock.advance(900);
    gate.polled();
    await h.clock.advance(900);
    gate.polled();
    await h.clock.advance(900);
    expect(h.published).toHaveLength(1);
    await gate.close();
  });
});

describe('calls that were under way when patience ran out', () => {
  it('a redirect that was heard and not published yet keeps its headers', async () => {
    const h = harness();
    const gate = await h.gate();
    h.publishing = () => Promise.reject(new Error('not acknowledged'));
    const first = h.handle(gate, record(1), failing);
    await h.clock.advance(0);
    h.silence();
    void h.handle(gate, record(9, 'other'), failing);
    await h.clock.advance(PATIENCE);
    h.publishing = () => Promise.resolve();
    await h.clock.advance(6_000);
    expect(await first).toBe('redirected');
    expect(h.headers.find((one) => one['x-retry-origin-offset'] === '1')).toEqual({
      ...headersOf(1),
      'x-retry-origin-timestamp': '1700000000001',
    });
    await gate.close();
  });

  it('are given up; a renewal that answers later changes nothing', async () => {
    const h = harness({ requestTimeoutMs: 60_000 });
    let answer = (): void => undefined;
    const gate = await h.gate();
    h.service.once('renewals', async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      const renewal = { partition: 0, status: 'held', lockedKeys: [], unlockedKeys: [{ key: 'k' }], seen: 1 };
      return { body: { claims: [renewal] } };
    });
    await h.clock.advance(1_000);
    h.silence();
    const first = h.handle(gate, record(1), failing);
    await h.clock.advance(PATIENCE);
    expect(await first).toBe('redirected');
    answer();
    await h.clock.advance(0);
    expect(gate.pass(record(2))).toBe(false);
    await gate.close();
  });
});

describe('when the service answers again', () => {
  it('the first call is a claim, and what it lists is asked about', async () => {
    const h = harness();
    const gate = await h.alone();
    h.back().locking('first');
    h.service.calls.length = 0;
    await h.clock.until(() => h.told('with-service-again').length > 0);
    expect(h.service.calls.map(({ kind }) => kind)[0]).toBe('claims');
    expect(h.told('with-service-again')).toMatchObject([
      { partition: 0, failed: 1, behind: 0, passedOver: 0, unreported: 0 },
    ]);
    h.service.once('admissions', {
      body: { verdicts: [{ verdict: 'redirect', headers: headersOf(8) }] },
    });
    expect(await h.handle(gate, record(8, 'first'))).toBe('redirected');
    expect(h.headers.at(-1)).not.toHaveProperty('x-retry-unannounced');
    await gate.close();
  });

  it('what Kafka has not acknowledged is outstanding, and goes out under the new claim', async () => {
    const h = harness();
    const gate = await h.alone();
    h.publishing = () => Promise.reject(new Error('not acknowledged'));
    const finish = h.handle(gate, record(5), () => {
      throw new FatalError('never');
    });
    await h.clock.advance(0);
    h.back().locking('k');
    h.service.once('admissions', { body: { verdicts: [{ verdict: 'redirect', headers: headersOf(5) }] } });
    h.service.calls.length = 0;
    await h.clock.until(() => h.told('with-service-again').length > 0);
    expect(h.service.of('claims').at(-1)?.body['outstanding']).toEqual([
      { key: 'k', offset: 5, attempt: 1, error: { class: 'FatalError', message: 'never', fatal: true } },
    ]);
    h.publishing = () => Promise.resolve();
    await h.clock.advance(10_000);
    expect(await finish).toBe('redirected');
    expect(h.headers.at(-1)).not.toHaveProperty('x-retry-unannounced');
    await gate.close();
  });

  it('a claim under which something was published meanwhile does not count: another follows at once', async () => {
    const h = harness();
    const gate = await h.alone();
    const answers: (() => void)[] = [];
    for (const kind of kinds) h.service.always.delete(kind);
    h.service.always.set('claims', async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return h.service.claim({ lockedKeys: [{ key: 'first' }, { key: 'k' }] });
    });
    await h.clock.until(() => answers.length === 1);
    // Published behind the end that the first claim has observed.
    expect(await h.handle(gate, record(5), failing)).toBe('redirected');
    answers[0]!();
    await h.clock.until(() => answers.length === 2);
    expect(h.told('with-service-again')).toEqual([]);
    // While the second is under way, nothing is decided here.
    const held = h.handle(gate, record(6), failing);
    await h.clock.advance(0);
    expect(h.log).not.toContain('finished 6 redirected');
    h.service.once('admissions', { body: { verdicts: [{ verdict: 'redirect', headers: headersOf(6) }] } });
    answers[1]!();
    expect(await held).toBe('redirected');
    expect(h.headers.at(-1)).not.toHaveProperty('x-retry-unannounced');
    expect(h.service.of('admissions').map(({ body }) => body['claimEpoch'])).toEqual(['103']);
    await gate.close();
  });

  it('a second claim that is not answered holds nothing back for longer than patience', async () => {
    const h = harness();
    const gate = await h.alone();
    const answers: (() => void)[] = [];
    h.service.always.set('claims', async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return h.service.claim();
    });
    await h.clock.until(() => answers.length === 1);
    expect(await h.handle(gate, record(5), failing)).toBe('redirected');
    answers[0]!();
    await h.clock.until(() => answers.length === 2);
    const held = h.handle(gate, record(6));
    await h.clock.advance(PATIENCE);
    expect(await held).toBe('redirected');
    // That claim may not count either.
    answers[1]!();
    await h.clock.until(() => answers.length === 3);
    expect(h.told('with-service-again')).toEqual([]);
    await gate.close();
  });
});

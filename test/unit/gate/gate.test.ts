import { describe, expect, it } from '@jest/globals';
import { GateError } from '../../../src/gate/errors.ts';
import { headerMap } from '../../../src/gate/headers.ts';
import type { HandlerContext } from '../../../src/gate/record.ts';
import { failing, GateHarness, record, redelivered } from './support/gate-harness.ts';
import { headersOf, type Reply } from './support/scripted-service.ts';

const verdicts = (...list: unknown[]): Reply => ({ body: { verdicts: list } });
const results = (...list: unknown[]): Reply => ({ body: { results: list } });
const locked = (h: GateHarness, ...keys: string[]): void => {
  h.service.once('claims', () => h.service.claim({ lockedKeys: keys.map((key) => ({ key })) }));
};

describe('a fresh record of a key that is not listed', () => {
  it('is handled without a call', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    const calls = h.service.calls.length;
    expect(gate.pass(record(1))).toBe(true);
    expect(await h.handle(gate, record(1))).toBe('handled');
    expect(h.service.calls).toHaveLength(calls);
    await gate.close();
  });

  it('is reported, published and only then finished, when it fails', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    let acknowledge = (): void => undefined;
    h.publishing = () => new Promise<void>((resolve) => (acknowledge = resolve));
    const finish = h.handle(gate, record(5, 'k', { headers: [{ tenant: Buffer.from('a') }] }), failing);
    await h.clock.advance(60_000);
    expect(h.log).toEqual(['handler 5 attempt 1']);
    expect(h.service.of('outcomes')[0]?.body).toEqual({
      claimEpoch: '101',
      incarnation: 'run:1',
      outcomes: [
        { key: 'k', offset: 5, result: 'failed', error: { class: 'TypeError', message: 'no stock' } },
      ],
    });
    acknowledge();
    expect(await finish).toBe('redirected');
    expect(h.log).toEqual(['handler 5 attempt 1', 'published k', 'finished 5 redirected']);
    const [retry] = h.published[0] ?? [];
    expect(retry).toMatchObject({ partition: 0, key: Buffer.from('k'), value: Buffer.from('v5') });
    expect(headerMap(retry!.headers)).toMatchObject({
      tenant: Buffer.from('a'),
      'x-retry-origin-offset': Buffer.from('5'),
      'x-retry-origin-timestamp': Buffer.from('1700000000005'),
    });
    await gate.close();
  });

  it('goes on from `failed` where the caller handled it after `pass`', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    expect(gate.pass(record(5))).toBe(true);
    expect(await gate.failed(record(5), new Error('x'), failing)).toBe('redirected');
    expect(gate.pass(record(6))).toBe(false);
    await gate.close();
  });
});

describe('verdicts', () => {
  it.each([
    ['process', { verdict: 'process' }, 'handled', ['handler 4 attempt 1'], 0],
    ['skip', { verdict: 'skip' }, 'skipped', [], 0],
    ['redirect', { verdict: 'redirect', headers: headersOf(4) }, 'redirected', ['published k'], 1],
  ])('of a fresh record: %s', async (_name, verdict, finish, log, published) => {
    const h = new GateHarness();
    locked(h, 'k');
    const gate = await h.gate();
    h.service.once('admissions', verdicts(verdict));
    expect(await h.handle(gate, record(4))).toBe(finish);
    expect(h.log.slice(0, -1)).toEqual(log);
    expect(h.published).toHaveLength(published);
    expect(h.service.of('admissions')[0]?.body['records']).toEqual([{ key: 'k', offset: 4 }]);
    // `process` takes the key off the list, the others leave it there.
    expect(gate.pass(record(5))).toBe(finish === 'handled');
    await gate.close();
  });

  it.each([
    ['process', { verdict: 'process' }, 'handled', 1],
    ['skip', { verdict: 'skip' }, 'skipped', 0],
  ])('of a redelivered record: %s', async (_name, verdict, finish, outcomes) => {
    const h = new GateHarness();
    const gate = await h.gate();
    h.service.once('admissions', verdicts(verdict));
    let context: HandlerContext | undefined;
    const done = h.handle(gate, redelivered(40, 4), (_record, given) => (context = given));
    expect(await done).toBe(finish);
    expect(h.service.of('admissions')[0]?.body['records']).toEqual([{ key: 'k', offset: 4, delivery: 't4' }]);
    expect(h.service.of('outcomes')).toHaveLength(outcomes);
    if (outcomes > 0) {
      expect(context).toEqual({
        attempt: 3,
        redelivered: true,
        origin: { topic: 'orders', partition: 0, offset: 4 },
      });
      expect(h.service.of('outcomes')[0]?.body['outcomes']).toEqual([
        { key: 'k', offset: 4, delivery: 't4', result: 'succeeded' },
      ]);
    }
    await gate.close();
  });

  it('that nobody understands count as no answer', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    h.service.once('admissions', verdicts({ verdict: 'perhaps' })).once('admissions', verdicts());
    const done = h.handle(gate, redelivered(40, 4));
    await h.clock.advance(0);
    expect(h.log).toEqual([]);
    await h.clock.advance(1_000);
    expect(await done).toBe('handled');
    expect(h.service.of('admissions')).toHaveLength(3);
    await gate.close();
  });

  it('are forgotten after a failure of the key: whatever stands behind it is asked about again', async () => {
    const h = new GateHarness();
    locked(h, 'k');
    const gate = await h.gate();
    h.service.once('admissions', verdicts({ verdict: 'process' }));
    h.service.once(
      'admissions',
      verdicts({ verdict: 'process' }, { verdict: 'process' }, { verdict: 'process' }),
    );
    h.service.once('outcomes', results({ result: 'done', unlocked: false }));
    h.service.once('outcomes', results({ result: 'recorded', attempt: 4, nextAttemptAt: 9 }));
    h.service.once('admissions', verdicts({ verdict: 'skip' }, { verdict: 'skip' }));
    const first = h.handle(gate, redelivered(10, 1));
    // The three wait together behind the first, and are asked about together.
    const rest = [11, 12, 13].map((offset) =>
      h.handle(gate, redelivered(offset, offset - 9), offset === 11 ? failing : undefined),
    );
    expect(await first).toBe('handled');
    expect(await Promise.all(rest)).toEqual(['recorded', 'skipped', 'skipped']);
    expect(h.service.of('admissions').map(({ body }) => (body['records'] as unknown[]).length)).toEqual([
      1, 3, 2,
    ]);
    await gate.close();
  });

  it('are asked for behind a redelivered record only after its outcome, which may unlock the key', async () => {
    const h = new GateHarness();
    locked(h, 'k');
    const gate = await h.gate();
    const both = [h.handle(gate, redelivered(10, 1)), h.handle(gate, record(11))];
    expect(await Promise.all(both)).toEqual(['handled', 'handled']);
    const kinds = h.service.calls.map(({ kind }) => kind).filter((kind) => kind !== 'claims');
    expect(kinds).toEqual(['admissions', 'outcomes', 'admissions']);
    await gate.close();
  });

  it('are void with the claim: a `process` that waited for its turn is asked for again', async () => {
    const h = new GateHarness({ proveOwnership: async () => true });
    const gate = await h.gate();
    let finishFirst = (): void => undefined;
    h.service.once('admissions', verdicts({ verdict: 'process' }));
    h.service.once('admissions', verdicts({ verdict: 'process' }, { verdict: 'process' }));
    const zero = h.handle(gate, redelivered(10, 1));
    const first = h.handle(
      gate,
      redelivered(11, 2),
      () => new Promise<void>((resolve) => (finishFirst = resolve)),
    );
    const second = h.handle(gate, redelivered(12, 3));
    await h.clock.advance(0);
    h.service.once('renewals', () => ({ body: { claims: [{ partition: 0, status: 'fenced' }] } }));
    await h.clock.advance(1_000);
    h.service.once('admissions', verdicts({ verdict: 'skip' }));
    finishFirst();
    expect(await Promise.all([zero, first, second])).toEqual(['handled', 'handled', 'skipped']);
    await gate.close();
  });
});

describe('results', () => {
  it.each([
    ['fresh', 'stale', { result: 'stale' }, 'stale'],
    ['redelivered', 'recorded', { result: 'recorded', attempt: 3, nextAttemptAt: 5 }, 'recorded'],
    ['redelivered', 'deadLettered', { result: 'deadLettered' }, 'dead-lettered'],
    ['redelivered', 'stale', { result: 'stale' }, 'stale'],
  ])('of a %s record that failed: %s', async (kind, _name, result, finish) => {
    const h = new GateHarness();
    const gate = await h.gate();
    h.service.once('outcomes', results(result));
    const one = kind === 'fresh' ? record(4) : redelivered(40, 4);
    expect(await h.handle(gate, one, failing)).toBe(finish);
    expect(h.published).toEqual([]);
    // Locked or known: from now on the key is asked about.
    expect(gate.pass(record(50))).toBe(false);
    await gate.close();
  });

  it('`block` keeps the partition where it is, and the handler runs again', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    h.service.once('outcomes', results({ result: 'block', retryAfterMs: 5_000 }));
    let attempts = 0;
    const first = h.handle(gate, record(1), () => {
      attempts += 1;
      if (attempts === 1) throw new Error('down');
    });
    await h.clock.advance(0);
    const other = h.handle(gate, record(2, 'other'));
    await h.clock.advance(4_999);
    expect(gate.pass(record(2, 'other'))).toBe(false);
    expect(h.log).toEqual(['handler 1 attempt 1']);
    await h.clock.advance(1);
    expect(await Promise.all([first, other])).toEqual(['handled', 'handled']);
    expect(attempts).toBe(2);
    await gate.close();
  });
});

describe('null keys', () => {
  it('have no order, and are asked about up to nullKeyUpTo', async () => {
    const h = new GateHarness();
    h.service.once('claims', () => h.service.claim({ nullKeyUpTo: 10 }));
    const gate = await h.gate();
    expect(gate.pass(record(10, null))).toBe(false);
    expect(gate.pass(record(11, null))).toBe(true);
    h.service.once('admissions', verdicts({ verdict: 'skip' }));
    expect(await h.handle(gate, record(10, null))).toBe('skipped');
    expect(h.service.of('admissions')[0]?.body['records']).toEqual([{ offset: 10 }]);
    expect(await h.handle(gate, record(20, null), failing)).toBe('redirected');
    // Read again before it was committed: it is in the box now.
    expect(gate.pass(record(20, null))).toBe(false);
    expect(gate.pass(record(21, null))).toBe(true);
    await gate.close();
  });
});

describe('records of other routes', () => {
  it('are passed over where they are redeliveries', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    const headers = { 'x-retry-delivery': 't', 'x-retry-route': 'billing' };
    expect(gate.pass(record(3, 'k', { headers }))).toBe(false);
    expect(await h.handle(gate, record(3, 'k', { headers }))).toBe('passed-over');
    expect(h.service.of('admissions')).toEqual([]);
    await gate.close();
  });
});

describe('calls', () => {
  it('of a partition go one after another, and those that wait go together, at most 1,000 records each', async () => {
    const h = new GateHarness();
    h.service.once('claims', () => h.service.claim({ complete: false }));
    const gate = await h.gate();
    const all = Array.from({ length: 2_500 }, (_, index) => h.handle(gate, record(index, `k${index}`)));
    expect(new Set(await Promise.all(all))).toEqual(new Set(['handled']));
    expect(h.service.mostAtOnce).toBe(1);
    const sizes = h.service.of('admissions').map(({ body }) => (body['records'] as unknown[]).length);
    expect(Math.max(...sizes)).toBe(1_000);
    expect(sizes.length).toBeLessThan(6);
    await gate.close();
  });

  it('keep fresh records and outcomes of redelivered ones apart', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    const all = [1, 2, 3, 4].map((n) =>
      h.handle(gate, n % 2 === 0 ? redelivered(n + 10, n, `k${n}`) : record(n, `k${n}`), failing),
    );
    await Promise.all(all);
    for (const { body } of h.service.of('outcomes')) {
      const kinds = (body['outcomes'] as { delivery?: string }[]).map(
        ({ delivery }) => delivery !== undefined,
      );
      expect(new Set(kinds).size).toBe(1);
    }
    await gate.close();
  });

  it('are repeated until there is an answer; meanwhile unlisted keys and other partitions go on', async () => {
    const h = new GateHarness({ patienceMs: Infinity });
    const gate = await h.gate([0, 1]);
    h.service.always.set('outcomes', () => 'no answer');
    const stuck = h.handle(gate, record(1), failing);
    const behind = h.handle(gate, record(2));
    await h.clock.advance(60_000);
    expect(gate.pass(record(2))).toBe(false);
    expect(gate.pass(record(3, 'other'))).toBe(true);
    expect(gate.pass(record(3, 'k', { partition: 1 }))).toBe(true);
    expect(h.log).toEqual(['handler 1 attempt 1']);
    h.service.always.delete('outcomes');
    h.service.once('admissions', verdicts({ verdict: 'redirect', headers: headersOf(2) }));
    await h.clock.advance(6_000);
    expect(await Promise.all([stuck, behind])).toEqual(['redirected', 'redirected']);
    expect(h.log.filter((line) => line.startsWith('handler'))).toHaveLength(1);
    expect(h.published.flat().map(({ value }) => value?.toString())).toEqual(['v1', 'v2']);
    await gate.close();
  });

  it('that can’t be answered do not hold up the others', async () => {
    const h = new GateHarness();
    h.service.once('claims', () => h.service.claim({ complete: false }));
    const gate = await h.gate();
    h.service.always.set('admissions', ({ body }) => {
      const records = body['records'] as { key: string }[];
      if (records.some(({ key }) => key === 'poison')) return { status: 500, body: '' };
      return verdicts(...records.map(() => ({ verdict: 'process' })));
    });
    void h.handle(gate, record(1, 'poison'));
    const others = [2, 3, 4].map((offset) => h.handle(gate, record(offset, `k${offset}`)));
    await h.clock.advance(10_000);
    expect(await Promise.all(others)).toEqual(['handled', 'handled', 'handled']);
    await gate.close();
  });

  it('carry the token', async () => {
    const h = new GateHarness({ token: 'secret' });
    const gate = await h.gate();
    expect(h.service.calls[0]?.authorization).toBe('Bearer secret');
    expect(JSON.stringify(h.events)).not.toContain('secret');
    await gate.close();
  });
});

describe('publishing', () => {
  it('is repeated, one record at a time and in order, until Kafka acknowledges', async () => {
    const h = new GateHarness();
    locked(h, 'k');
    const gate = await h.gate();
    h.service.always.set('admissions', ({ body }) => {
      const records = body['records'] as { offset: number }[];
      return verdicts(...records.map(({ offset }) => ({ verdict: 'redirect', headers: headersOf(offset) })));
    });
    let failures = 3;
    h.publishing = () => (failures-- > 0 ? Promise.reject(new Error('down')) : Promise.resolve());
    const all = [1, 2, 3].map((offset) => h.handle(gate, record(offset)));
    await h.clock.advance(10_000);
    expect(await Promise.all(all)).toEqual(['redirected', 'redirected', 'redirected']);
    expect(h.published.flat().map(({ value }) => value?.toString())).toEqual(['v1', 'v2', 'v3']);
    expect(h.published[0]).toHaveLength(1);
    await gate.close();
  });

  it('sends several records of a key together', async () => {
    const h = new GateHarness();
    locked(h, 'k');
    const gate = await h.gate();
    h.service.always.set('admissions', ({ body }) =>
      verdicts(
        ...(body['records'] as { offset: number }[]).map(({ offset }) => ({
          verdict: 'redirect',
          headers: headersOf(offset),
        })),
      ),
    );
    await Promise.all([1, 2, 3, 4].map((offset) => h.handle(gate, record(offset))));
    expect(h.published.map((batch) => batch.length)).toEqual([1, 3]);
    await gate.close();
  });

  it('leaves the value at the origin where the record is refused for its size', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    h.publishing = ([first]) =>
      first?.value === null
        ? Promise.resolve()
        : Promise.reject(Object.assign(new Error('large'), { code: 10 }));
    expect(await h.handle(gate, record(1, 'k', { value: Buffer.alloc(2_000_000) }), failing)).toBe(
      'redirected',
    );
    expect(headerMap(h.published[0]![0]!.headers)['x-retry-value']).toEqual(Buffer.from('origin'));
    await gate.close();
  });

  it('checks sizes before, where it knows the limit: no later record is there without the earlier ones', async () => {
    const h = new GateHarness({ maxRecordBytes: 5_000 });
    locked(h, 'k');
    const gate = await h.gate();
    h.service.always.set('admissions', ({ body }) =>
      verdicts(
        ...(body['records'] as { offset: number }[]).map(({ offset }) => ({
          verdict: 'redirect',
          headers: headersOf(offset),
        })),
      ),
    );
    const value = (offset: number) => Buffer.alloc(offset === 2 ? 9_000 : 10, 1);
    await Promise.all(
      [1, 2, 3].map((offset) => h.handle(gate, record(offset, 'k', { value: value(offset) }))),
    );
    expect(h.published.flat().map((one) => one.value?.length ?? null)).toEqual([10, null, 10]);
    await gate.close();
  });
});

describe('taking a partition away', () => {
  it('waits for handlers and their outcomes, and drops what waits', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    let finish = (): void => undefined;
    const first = h.handle(
      gate,
      redelivered(10, 1),
      () => new Promise<void>((resolve) => (finish = resolve)),
    );
    const behind = h.handle(gate, record(11));
    await h.clock.advance(0);
    let revoked = false;
    void gate.revoked([0], 5_000).then(() => (revoked = true));
    await h.clock.advance(1_000);
    expect([revoked, gate.pass(record(12, 'other'))]).toEqual([false, false]);
    finish();
    expect(await first).toBe('handled');
    await h.clock.advance(0);
    expect(revoked).toBe(true);
    expect(await behind).toBe('CLOSED');
    await gate.close();
  });

  it('still reports what became of a redelivered record that outlived it', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    let finish = (): void => undefined;
    const late = h.handle(gate, redelivered(10, 1), () => new Promise<void>((resolve) => (finish = resolve)));
    await h.clock.advance(0);
    const revoked = gate.revoked([0], 2_000);
    await h.clock.advance(2_000);
    await revoked;
    finish();
    expect(await late).toBe('handled');
    expect(h.service.of('outcomes')).toHaveLength(1);
    await gate.close();
  });

  it('reports nothing of a fresh record that outlived it: the next owner reads it', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    let fail = (_error: Error): void => undefined;
    const late = h.handle(gate, record(10), () => new Promise<void>((_resolve, reject) => (fail = reject)));
    await h.clock.advance(0);
    await gate.revoked([0], 0);
    fail(new Error('x'));
    expect(await late).toBe('CLOSED');
    expect(h.service.of('outcomes')).toEqual([]);
    await gate.close();
  });
});

describe('a consumer that was frozen', () => {
  it('handles nothing until it has polled again', async () => {
    const h = new GateHarness({ maxPollAgeMs: 1_000 });
    const gate = await h.gate();
    gate.polled();
    expect(gate.pass(record(1))).toBe(true);
    await h.clock.advance(1_001);
    expect(gate.pass(record(1))).toBe(false);
    const finish = h.handle(gate, record(1));
    await h.clock.advance(10_000);
    expect(h.log).toEqual([]);
    gate.polled();
    expect(await finish).toBe('handled');
    await gate.close();
  });
});

describe('events', () => {
  it('never stop the gate, and never carry keys, values or messages', async () => {
    const seen: unknown[] = [];
    const h = new GateHarness({
      onEvent: (event) => {
        seen.push(event);
        throw new Error('the logger is broken');
      },
    });
    const gate = await h.gate();
    await h.handle(gate, record(1, 'secret-key', { value: Buffer.from('secret-value') }), () => {
      throw new Error('secret-message');
    });
    await gate.close();
    expect(seen.length).toBeGreaterThan(3);
    expect(JSON.stringify(seen)).not.toContain('secret');
    expect(new GateError('HELD', 'x').retryable).toBe(true);
  });
});

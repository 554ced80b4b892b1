import { describe, expect, it } from '@jest/globals';
import { failing, GateHarness, record } from './support/gate-harness.ts';

type Claims = Record<string, unknown>[];

const renewed = (more: Record<string, unknown>) => ({
  body: { claims: [{ partition: 0, status: 'held', lockedKeys: [], unlockedKeys: [], seen: 1, ...more }] },
});

describe('renewals', () => {
  it('go out once a second, all partitions in one call', async () => {
    const h = new GateHarness();
    const gate = await h.gate([0, 1, 2]);
    await h.clock.advance(3_000);
    const calls = h.service.of('renewals');
    expect(calls).toHaveLength(3);
    expect((calls[0]?.body['claims'] as Claims).map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(calls[0]?.body['claims']).toContainEqual({
      partition: 1,
      claimEpoch: '102',
      incarnation: 'run:1',
      seen: 0,
    });
    await gate.close();
    await h.clock.advance(5_000);
    expect(h.service.of('renewals')).toHaveLength(3);
  });

  it('bring what was locked and unlocked elsewhere, and hand `seen` back', async () => {
    const h = new GateHarness();
    h.service.once('claims', () => h.service.claim({ lockedKeys: [{ key: 'a' }], seen: 'opaque' }));
    h.service.once('renewals', renewed({ lockedKeys: [{ keyBase64: '//4=' }], seen: 7 }));
    h.service.once('renewals', renewed({ unlockedKeys: [{ key: 'a' }], seen: 8 }));
    const gate = await h.gate();
    await h.clock.advance(1_000);
    expect(gate.pass(record(1, Buffer.from([0xff, 0xfe])))).toBe(false);
    expect(gate.pass(record(1, 'a'))).toBe(false);
    await h.clock.advance(1_000);
    expect(gate.pass(record(1, 'a'))).toBe(true);
    await h.clock.advance(1_000);
    const seen = h.service.of('renewals').map(({ body }) => (body['claims'] as Claims)[0]?.['seen']);
    expect(seen).toEqual(['opaque', 7, 8]);
    await gate.close();
  });

  it('leave out a partition that is in a call, and keep its calls waiting while they are under way', async () => {
    const h = new GateHarness();
    let answer = (): void => undefined;
    h.service.once('renewals', async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return renewed({ unlockedKeys: [{ key: 'k' }] });
    });
    const gate = await h.gate();
    await h.clock.advance(1_000);
    const finish = h.handle(gate, record(1), failing);
    await h.clock.advance(0);
    // The outcome would lock the key; the renewal's answer must not take it off the list afterwards.
    expect(h.service.of('outcomes')).toHaveLength(0);
    answer();
    expect(await finish).toBe('redirected');
    expect(gate.pass(record(2))).toBe(false);
    h.service.once('outcomes', 'never');
    void h.handle(gate, record(3, 'other'), failing);
    await h.clock.advance(1_000);
    expect(h.service.of('renewals')).toHaveLength(1);
    await gate.close();
  });

  it('get a turn between the calls of a partition that is never idle', async () => {
    const h = new GateHarness();
    h.service.once('claims', () => h.service.claim({ complete: false }));
    const gate = await h.gate();
    // Each answer takes longer than a second, and there is always a next call.
    h.service.always.set('admissions', async ({ body }) => {
      await new Promise<void>((resolve) => h.clock.after(1_500, resolve));
      return { body: { verdicts: (body['records'] as unknown[]).map(() => ({ verdict: 'process' })) } };
    });
    for (let offset = 0; offset < 20; offset += 1) {
      void h.handle(gate, record(offset, `k${offset}`));
      await h.clock.advance(700);
    }
    expect(h.service.of('renewals').length).toBeGreaterThan(0);
    expect(h.service.mostAtOnce).toBe(1);
    await gate.close();
  });

  it('say so when they get no answer, and change nothing', async () => {
    const h = new GateHarness();
    h.service.always.set('renewals', () => 'no answer');
    const gate = await h.gate();
    await h.clock.advance(5_000);
    expect(h.events.filter(({ type }) => type === 'renewal-failed')).toHaveLength(5);
    expect(gate.pass(record(1))).toBe(true);
    await gate.close();
  });
});

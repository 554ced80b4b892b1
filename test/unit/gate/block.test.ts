import { describe, expect, it } from '@jest/globals';
import type { Gate } from '../../../src/gate/gate.ts';
import { GateHarness, record, redelivered } from './support/gate-harness.ts';
import type { Reply } from './support/scripted-service.ts';

const results = (...list: unknown[]): Reply => ({ body: { results: list } });

const down = (): never => {
  throw new Error('down');
};

/** Five keys of a partition that was told to wait for a second, because the first one failed. */
async function blocked(): Promise<{ h: GateHarness; gate: Gate; state: { isDown: boolean } }> {
  const h = new GateHarness();
  const gate = await h.gate();
  h.service.once('outcomes', results({ result: 'block', retryAfterMs: 1_000 }));
  const state = { isDown: true };
  const handler = (): void => {
    if (state.isDown) down();
  };
  void h.handle(gate, record(1, 'a'), handler);
  await h.clock.advance(0);
  for (const [i, key] of ['b', 'c', 'd', 'e'].entries()) void h.handle(gate, record(2 + i, key), handler);
  await h.clock.advance(999);
  expect(handled(h)).toEqual(['handler 1 attempt 1']);
  return { h, gate, state };
}

function handled(h: GateHarness): string[] {
  return h.log.filter((line) => line.startsWith('handler'));
}

describe('after a block', () => {
  it('one record is tried, and the others wait for it; blocked again, they wait again', async () => {
    const { h, gate, state } = await blocked();
    h.service.once('outcomes', results({ result: 'block', retryAfterMs: 1_000 }));
    await h.clock.advance(1);
    expect(handled(h)).toHaveLength(2);
    state.isDown = false;
    await h.clock.advance(999);
    expect(handled(h)).toHaveLength(2);
    await h.clock.advance(1);
    expect(handled(h)).toHaveLength(7);
    expect(gate.pass(record(9, 'z'))).toBe(true);
    await gate.close();
  });

  it('all go on when the one that was tried is redirected: the breaker has closed', async () => {
    const { h, gate, state } = await blocked();
    h.service.once('outcomes', () => {
      state.isDown = false;
      return results({ result: 'redirect', headers: { 'x-retry-attempt': '1' } });
    });
    await h.clock.advance(1);
    expect(handled(h)).toHaveLength(6);
    await gate.close();
  });

  it('while the one that is tried takes its time, nothing else is tried', async () => {
    const h = new GateHarness();
    const gate = await h.gate();
    h.service.once('outcomes', results({ result: 'block', retryAfterMs: 1_000 }));
    let end = (): void => undefined;
    const slow = new Promise<void>((resolve) => (end = resolve));
    let calls = 0;
    void h.handle(gate, record(1, 'a'), () => {
      calls++;
      if (calls === 1) down();
      return slow;
    });
    await h.clock.advance(0);
    void h.handle(gate, record(2, 'b'));
    await h.clock.advance(60_000);
    expect(handled(h)).toEqual(['handler 1 attempt 1', 'handler 1 attempt 1']);
    end();
    await h.clock.advance(0);
    expect(handled(h).at(-1)).toBe('handler 2 attempt 1');
    await gate.close();
  });

  it('redelivered records are not kept back: the service sends as few as it wants', async () => {
    const { h, gate } = await blocked();
    h.service.once('admissions', () => ({ status: 200, body: { verdicts: [{ verdict: 'process' }] } }));
    h.service.once('outcomes', results({ result: 'done', unlocked: true }));
    expect(await h.handle(gate, redelivered(40, 4, 'x'))).toBe('handled');
    expect(handled(h)).toHaveLength(2);
    await gate.close();
  });

  it('what waits is dropped with the partition', async () => {
    const { h, gate } = await blocked();
    await gate.revoked([0]);
    await h.clock.advance(0);
    expect(handled(h)).toHaveLength(1);
    await gate.close();
    expect(h.clock.pending).toBe(0);
  });
});

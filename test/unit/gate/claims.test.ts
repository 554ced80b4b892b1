import { describe, expect, it } from '@jest/globals';
import type { GateOptions } from '../../../src/gate/options.ts';
import { failing, GateHarness, record, redelivered } from './support/gate-harness.ts';

const fenced = { status: 409, body: { code: 'FENCED', message: '', retryable: false } };
const notReady = (seconds: number) => ({
  status: 503,
  body: { code: 'NOT_READY', message: '', retryable: true },
  headers: { 'retry-after': String(seconds) },
});

/** A harness whose consumer proves its ownership by commits. */
const proving = (proofs: boolean[], more: Partial<GateOptions> = {}) => {
  const proven: number[] = [];
  const proveOwnership = async (partition: number): Promise<boolean> => {
    proven.push(partition);
    return proofs.shift() ?? true;
  };
  return Object.assign(new GateHarness({ proveOwnership, ...more }), { proven });
};

describe('a partition’s claim', () => {
  it('comes before its first record; the first of an assignment needs no proof', async () => {
    const h = proving([]);
    h.service.once('claims', async () => h.service.claim());
    const gate = await h.gate();
    expect(gate.pass(record(1))).toBe(true);
    expect(h.proven).toEqual([]);
    expect(h.service.calls[0]?.body).toEqual({ consumerId: 'consumer-1', call: 1 });
    expect(h.service.calls[0]?.url).toBe('http://retry.test:8080/v1/routes/orders/partitions/0/claims');
    await gate.close();
  });

  it('is awaited: nothing is handled while the shard is being rebuilt', async () => {
    const h = proving([]);
    h.service.once('claims', notReady(3)).once('claims', notReady(3));
    const gate = await h.gate();
    const finish = h.handle(gate, record(1));
    expect(gate.pass(record(1))).toBe(false);
    await h.clock.advance(5_999);
    expect(h.log).toEqual([]);
    await h.clock.advance(1);
    expect(await finish).toBe('handled');
    expect(h.service.of('claims').map(({ body }) => body['call'])).toEqual([1, 2, 3]);
    expect(h.proven).toEqual([0, 0]);
    await gate.close();
  });

  it('is given up after its timeout and made again with a higher call', async () => {
    const h = proving([], { claimTimeoutMs: 2_000 });
    h.service.once('claims', 'never');
    const gate = await h.gate();
    await h.clock.advance(2_100);
    expect(h.service.of('claims').map(({ body }) => body['call'])).toEqual([1, 2]);
    expect(gate.pass(record(1))).toBe(true);
    await gate.close();
  });

  it('carries the group’s generation where the client knows it', async () => {
    const h = new GateHarness({ generation: (partition) => 40 + partition });
    const gate = await h.gate([0, 2]);
    expect(h.service.of('claims').map(({ body }) => body['generation'])).toEqual([40, 42]);
    await gate.close();
  });

  it('is claimed again after FENCED only once the group counts us in; until then nothing flows', async () => {
    const h = proving([false, true]);
    h.service.once('outcomes', fenced);
    const gate = await h.gate();
    const finish = h.handle(gate, record(1), failing);
    await h.clock.advance(0);
    expect(gate.pass(record(9, 'other'))).toBe(false);
    expect(h.service.of('claims')).toHaveLength(1);
    await h.clock.advance(100);
    // Dropped and begun again: the handler runs once more, under the new claim.
    expect(await finish).toBe('redirected');
    expect(h.log.filter((line) => line.startsWith('handler'))).toHaveLength(2);
    expect(h.service.of('claims')).toHaveLength(2);
    expect(h.service.of('outcomes').map(({ body }) => body['claimEpoch'])).toEqual(['101', '102']);
    expect(h.events.map(({ type }) => type)).toContain('ownership-unproven');
    await gate.close();
  });

  it('is claimed again after `wait`, and the same outcome is sent without running the handler again', async () => {
    const h = proving([]);
    h.service.once('outcomes', { body: { results: [{ result: 'wait' }] } });
    const gate = await h.gate();
    expect(await h.handle(gate, record(1), failing)).toBe('redirected');
    expect(h.log.filter((line) => line.startsWith('handler'))).toHaveLength(1);
    const [first, second] = h.service.of('outcomes');
    expect(second?.body['outcomes']).toEqual(first?.body['outcomes']);
    expect(second?.body['claimEpoch']).toBe('102');
    expect(h.proven).toEqual([0]);
    await gate.close();
  });

  it('lets records of unlisted keys go on while the service lost its place, and not while ownership is in doubt', async () => {
    const h = proving([true, false]);
    h.service.once('renewals', () => ({ body: { claims: [{ partition: 0, status: 'claim-again' }] } }));
    h.service.once('claims', () => h.service.claim({ lockedKeys: [{ key: 'locked' }] }));
    h.service.once('claims', notReady(2)).once('claims', notReady(2));
    const gate = await h.gate();
    await h.clock.advance(1_000);
    expect(gate.pass(record(1, 'free'))).toBe(true);
    expect(gate.pass(record(1, 'locked'))).toBe(false);
    await h.clock.advance(2_000);
    expect(gate.pass(record(1, 'free'))).toBe(false);
    await gate.close();
  });

  it('re-announces what Kafka has not acknowledged, from the moment the answer is read', async () => {
    const h = proving([]);
    let acknowledge = (): void => undefined;
    h.publishing = () => new Promise<void>((resolve) => (acknowledge = resolve));
    const gate = await h.gate();
    const finish = h.handle(gate, record(7), failing);
    await h.clock.advance(0);
    h.service.once('admissions', { body: { verdicts: [{ verdict: 'wait' }] } });
    const other = h.handle(gate, redelivered(8, 3, 'other'));
    await h.clock.advance(0);
    const claims = h.service.of('claims');
    expect(claims.at(-1)?.body['outstanding']).toEqual([
      { key: 'k', offset: 7, attempt: 1, error: { class: 'TypeError', message: 'no stock' } },
    ]);
    await h.clock.advance(1_000);
    const renewal = h.service.of('renewals').at(-1)?.body['claims'] as Record<string, unknown>[];
    expect(renewal[0]?.['outstanding']).toHaveLength(1);
    acknowledge();
    expect(await finish).toBe('redirected');
    expect(await other).toBe('handled');
    h.service.once('admissions', { body: { verdicts: [{ verdict: 'wait' }] } });
    await h.handle(gate, redelivered(9, 4, 'other'));
    expect(h.service.of('claims').at(-1)?.body['outstanding']).toBeUndefined();
    await gate.close();
  });

  it('knows outstanding keys as locked, whatever the list of the next claim says', async () => {
    const h = proving([]);
    h.publishing = () => new Promise(() => undefined);
    const gate = await h.gate();
    void h.handle(gate, record(7), failing);
    await h.clock.advance(0);
    h.service.once('renewals', () => ({ body: { claims: [{ partition: 0, status: 'fenced' }] } }));
    await h.clock.advance(1_000);
    expect(h.service.of('claims')).toHaveLength(2);
    expect(gate.pass(record(8))).toBe(false);
    expect(gate.pass(record(8, 'other'))).toBe(true);
    await gate.close();
  });

  it('is not claimed in a tight circle when every answer is `wait`', async () => {
    const h = proving([], { patienceMs: Infinity });
    h.service.always.set('admissions', () => ({ body: { verdicts: [{ verdict: 'wait' }] } }));
    const gate = await h.gate();
    const finish = h.handle(gate, redelivered(8, 3));
    await h.clock.advance(10_000);
    expect(h.service.of('claims').length).toBeLessThan(12);
    await gate.close();
    expect(await finish).toBe('CLOSED');
  });

  it('waits for a poll where polls are reported and nothing else proves anything', async () => {
    const h = new GateHarness();
    h.service.once('claims', fenced);
    const gate = await h.gate();
    gate.polled();
    await h.clock.advance(5_000);
    expect(h.service.of('claims')).toHaveLength(1);
    gate.polled();
    await h.clock.advance(0);
    expect(h.service.of('claims')).toHaveLength(2);
    await gate.close();
  });

  it('refuses records of partitions nobody told it about', async () => {
    const h = new GateHarness();
    const gate = await h.gate([1]);
    expect(gate.pass(record(1))).toBe(false);
    expect(await h.handle(gate, record(1))).toBe('NOT_ASSIGNED');
    await gate.close();
    await gate.close();
    expect(h.clock.pending).toBe(0);
  });

  it('ends with the assignment: a new one begins with a new claim and forgets the old list', async () => {
    const h = new GateHarness();
    h.service.once('claims', () => h.service.claim({ lockedKeys: [{ key: 'k' }] }));
    const gate = await h.gate();
    expect(gate.pass(record(1))).toBe(false);
    await gate.revoked([0]);
    gate.assigned([0]);
    await h.clock.advance(0);
    expect(gate.pass(record(1))).toBe(true);
    await gate.close();
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Gate } from '../../../src/gate/gate.ts';
import { failing, GateHarness, record, redelivered } from './support/gate-harness.ts';
import { headersOf, type Reply } from './support/scripted-service.ts';

const HOLDS = { limit: 3, ms: 5_000 };
const hold = { verdict: 'hold' };
const process = { verdict: 'process' };
const verdicts = (...list: unknown[]): Reply => ({ body: { verdicts: list } });
const done = (unlocked: boolean): Reply => ({ body: { results: [{ result: 'done', unlocked }] } });
const redirected = (offset: number): unknown => ({ verdict: 'redirect', headers: headersOf(offset) });

/** A gate that can hold and has `k` on its list; the record with offset 10 was told `hold`. */
async function holding(more: object = {}): Promise<{ h: GateHarness; gate: Gate; first: Promise<string> }> {
  const h = new GateHarness({ proveOwnership: async () => true, ...more });
  h.service.once('claims', () => h.service.claim({ lockedKeys: [{ key: 'k' }] }));
  const gate = await h.gate([0], HOLDS);
  h.service.once('admissions', verdicts(hold));
  const first = h.handle(gate, record(10));
  await h.clock.advance(0);
  return { h, gate, first };
}

const asked = (h: GateHarness): unknown[] =>
  h.service
    .of('admissions')
    .map(({ body }) =>
      (body['records'] as { offset: number; hold?: false }[]).map(({ offset, hold: may }) =>
        may === false ? -offset : offset,
      ),
    );

describe('hold', () => {
  it('is offered in the claim, unless nothing may be held', async () => {
    const { h, gate } = await holding();
    expect(h.service.of('claims')[0]?.body['canHold']).toBe(true);
    await gate.close();
    const without = new GateHarness();
    await (await without.gate()).close();
    expect(without.service.of('claims')[0]?.body).not.toHaveProperty('canHold');
  });

  it('keeps the record and all later ones of its key, while the retries of the key pass and other keys go on', async () => {
    const { h, gate, first } = await holding();
    const second = h.handle(gate, record(11));
    const other = h.handle(gate, record(12, 'other'));
    h.service.once('admissions', verdicts(process)).once('outcomes', done(true));
    const retry = h.handle(gate, redelivered(13, 4));
    h.service.once('admissions', verdicts(process, process));
    await h.clock.advance(0);
    expect(await Promise.all([other, retry, first, second])).toEqual(Array(4).fill('handled'));
    expect(h.log.filter((line) => line.startsWith('handler'))).toEqual([
      'handler 12 attempt 1',
      'handler 13 attempt 3',
      'handler 10 attempt 1',
      'handler 11 attempt 1',
    ]);
    // Once about each retry, and once about all that were held.
    expect(asked(h)).toEqual([[10], [4], [10, 11]]);
    expect(h.published).toEqual([]);
    await gate.close();
  });

  it('goes on after a retry that is not the last one', async () => {
    const { h, gate } = await holding();
    h.service.once('admissions', verdicts(process)).once('outcomes', done(false));
    await h.handle(gate, redelivered(13, 4));
    await h.clock.advance(HOLDS.ms - 1);
    expect(asked(h)).toEqual([[10], [4]]);
    await gate.close();
  });

  it('ends with a failure of the key: what was held is redirected, in its order', async () => {
    const { h, gate, first } = await holding();
    const second = h.handle(gate, record(11));
    h.service
      .once('admissions', verdicts(process))
      .once('admissions', verdicts(redirected(10), redirected(11)));
    expect(await h.handle(gate, redelivered(13, 4), failing)).toBe('recorded');
    await h.clock.advance(0);
    expect(await Promise.all([first, second])).toEqual(['redirected', 'redirected']);
    expect(asked(h)).toEqual([[10], [4], [10, 11]]);
    await gate.close();
  });

  it('ends when its time is over: it is asked about again, and says so', async () => {
    const { h, gate, first } = await holding();
    h.service.once('admissions', verdicts(redirected(10)));
    await h.clock.advance(HOLDS.ms);
    expect(await first).toBe('redirected');
    expect(asked(h)).toEqual([[10], [-10]]);
    expect(h.events).toContainEqual({ type: 'held-no-longer', partition: 0, records: 1, reason: 'too-long' });
    await gate.close();
  });

  it('takes no more than its limit', async () => {
    const { h, gate } = await holding();
    h.service.once('admissions', verdicts(...[10, 11, 12, 13].map(redirected)));
    const more = [11, 12, 13].map((offset) => h.handle(gate, record(offset)));
    await h.clock.advance(0);
    expect(await Promise.all(more)).toEqual(['redirected', 'redirected', 'redirected']);
    expect(asked(h)).toEqual([[10], [-10, -11, -12, -13]]);
    await gate.close();
  });

  it('takes nothing while the consumer has no room behind it', async () => {
    const { h, gate, first } = await holding();
    h.service.once('admissions', verdicts(redirected(10)));
    gate.setRoom(0, false);
    await h.clock.advance(0);
    expect(await first).toBe('redirected');
    expect(asked(h)).toEqual([[10], [-10]]);
    await gate.close();
  });

  it('ends with the claim: it is asked about under the next one', async () => {
    const { h, gate, first } = await holding();
    h.service.once('admissions', { status: 409, body: { code: 'FENCED', message: '', retryable: false } });
    h.service.once('claims', () => h.service.claim({ lockedKeys: [{ key: 'k' }, { key: 'other' }] }));
    gate.handle(redelivered(13, 4, 'other'), () => undefined).catch(() => undefined);
    await h.clock.advance(200);
    expect(await first).toBe('handled');
    expect(h.service.of('claims')).toHaveLength(2);
    expect(
      asked(h)
        .flat()
        .filter((offset) => offset === 10),
    ).toHaveLength(2);
    await gate.close();
  });

  it('ends when a renewal says that the key is unlocked, and is asked about although it is off the list', async () => {
    const { h, gate, first } = await holding();
    h.service.once('renewals', ({ body }) => {
      const [claim] = body['claims'] as { seen: unknown }[];
      const changes = { lockedKeys: [], unlockedKeys: [{ key: 'k' }] };
      return { body: { claims: [{ partition: 0, status: 'held', seen: claim?.seen, ...changes }] } };
    });
    h.service.once('admissions', verdicts(process));
    await h.clock.advance(1_000);
    expect(await first).toBe('handled');
    expect(asked(h)).toEqual([[10], [10]]);
    await gate.close();
  });

  it('is dropped with the partition, and not committed', async () => {
    const { h, gate, first } = await holding();
    const second = h.handle(gate, record(11));
    await gate.revoked([0]);
    expect(await Promise.all([first, second])).toEqual(['CLOSED', 'CLOSED']);
    expect(h.log).toEqual([]);
    await gate.close();
  });

  it('of a record before those that were told otherwise holds them too', async () => {
    const { h, gate } = await holding();
    const behind = h.handle(gate, record(11));
    h.service.once('admissions', verdicts(process)).once('outcomes', done(true));
    h.service.once('admissions', verdicts(hold, process));
    await h.handle(gate, redelivered(13, 4));
    await h.clock.advance(0);
    expect(h.log.filter((line) => line.startsWith('handler'))).toEqual(['handler 13 attempt 3']);
    h.service.once('admissions', verdicts(redirected(10), redirected(11)));
    await h.clock.advance(HOLDS.ms);
    expect(await behind).toBe('redirected');
    await gate.close();
  });
});

describe('records of a key that was redirected just now', () => {
  it('are gathered, and asked about when a retry of the key comes, before it', async () => {
    const { h, gate } = await holding();
    h.service.once('admissions', verdicts(redirected(10)));
    await h.clock.advance(HOLDS.ms);
    const more = [11, 12].map((offset) => h.handle(gate, record(offset)));
    await h.clock.advance(50);
    expect(asked(h)).toHaveLength(2);
    h.service.once('admissions', verdicts(hold, hold)).once('admissions', verdicts(process));
    h.service.once('outcomes', done(true)).once('admissions', verdicts(process, process));
    const retry = h.handle(gate, redelivered(13, 4));
    await h.clock.advance(0);
    expect(await Promise.all([...more, retry])).toEqual(['handled', 'handled', 'handled']);
    expect(asked(h).slice(2)).toEqual([[11, 12], [4], [11, 12]]);
    await gate.close();
  });

  it('wait a tenth of a second at most', async () => {
    const { h, gate } = await holding();
    h.service.once('admissions', verdicts(redirected(10)));
    await h.clock.advance(HOLDS.ms);
    const more = h.handle(gate, record(11));
    h.service.once('admissions', verdicts(redirected(11)));
    await h.clock.advance(100);
    expect(await more).toBe('redirected');
    await gate.close();
  });

  it('wait twice as long where that was too short, and no longer than 400 ms', async () => {
    const { h, gate } = await holding();
    h.service.once('admissions', verdicts(redirected(10)));
    await h.clock.advance(HOLDS.ms);
    let offset = 11;
    for (const ms of [100, 200, 400, 400]) {
      const before = asked(h).length;
      const more = h.handle(gate, record(offset));
      await h.clock.advance(ms - 1);
      expect(asked(h)).toHaveLength(before);
      h.service.once('admissions', verdicts(redirected(offset++)));
      await h.clock.advance(1);
      expect(await more).toBe('redirected');
    }
    await gate.close();
  });
});

describe('retries that were admitted together', () => {
  it('are handled one after another while the successes before them are reported, and reported together', async () => {
    const { h, gate } = await holding();
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const unheard = async (): Promise<Reply> => {
      await answered;
      return done(false);
    };
    h.service.once('outcomes', done(false)).once('outcomes', unheard);
    // The first is asked about by itself, the others together while it is handled.
    const retries = [13, 14, 15, 16].map((offset) => h.handle(gate, redelivered(offset, offset - 9)));
    await h.clock.advance(0);
    expect(h.log.filter((line) => line.startsWith('handler'))).toEqual([
      'handler 13 attempt 3',
      'handler 14 attempt 3',
      'handler 15 attempt 3',
      'handler 16 attempt 3',
    ]);
    expect(told(h)).toEqual([['succeeded'], ['succeeded']]);
    answer();
    expect(await Promise.all(retries)).toEqual(Array(4).fill('handled'));
    expect(told(h).slice(2)).toEqual([['succeeded', 'succeeded']]);
    await gate.close();
  });

  it('report a failure after the successes before it', async () => {
    const { h, gate } = await holding();
    h.service.once('outcomes', done(false)).once('outcomes', 'no answer');
    const successes = [13, 14].map((offset) => h.handle(gate, redelivered(offset, offset - 9)));
    const failure = h.handle(gate, redelivered(15, 6), failing);
    await h.clock.advance(1_000);
    expect(await Promise.all([...successes, failure])).toEqual(['handled', 'handled', 'recorded']);
    expect(told(h)).toEqual([['succeeded'], ['succeeded'], ['succeeded'], ['failed']]);
    await gate.close();
  });
});

const told = (h: GateHarness): string[][] =>
  h.service
    .of('outcomes')
    .map(({ body }) => (body['outcomes'] as { result: string }[]).map(({ result }) => result));

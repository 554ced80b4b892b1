import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/logger.ts';
import { openedByHand } from '../../../src/protection/breaker.ts';
import { type ControlState, RouteControl } from '../../../src/protection/route-control.ts';
import type { Versioned } from '../../../src/redis/register.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** What Redis holds, and whether it answers. */
class FakeRegister {
  stored: Versioned = { version: 0, text: '' };
  away = false;

  read(): Promise<Versioned> {
    return this.away ? Promise.reject(new Error('away')) : Promise.resolve(this.stored);
  }

  replace(expected: number, next: Versioned): Promise<boolean> {
    if (this.away) return Promise.reject(new Error('away'));
    if (this.stored.version !== expected) return Promise.resolve(false);
    this.stored = next;
    return Promise.resolve(true);
  }
}

const PAUSED = { since: 1, reason: 'maintenance' };
const pause = (state: ControlState): ControlState => ({ ...state, paused: PAUSED });
const OPEN = openedByHand(2, 'overload');
const open = (state: ControlState): ControlState => ({ ...state, breaker: OPEN });

function replica(register: FakeRegister, clock: FakeClock): RouteControl {
  return new RouteControl({ register, clock, logger: createLogger('silent'), onChange: () => undefined });
}

describe('what operators switch', () => {
  test('is followed by all replicas within a second, and by those that start later', async () => {
    const register = new FakeRegister();
    const clock = new FakeClock();
    const [one, other] = [replica(register, clock), replica(register, clock)];
    await Promise.all([one.start(), other.start()]);
    await one.change(pause);
    expect(one.state.paused).toEqual(PAUSED);
    await clock.advance(1_000);
    expect(other.state.paused).toEqual(PAUSED);

    const later = replica(register, clock);
    await later.start();
    expect(later.state.paused).toEqual(PAUSED);
    await Promise.all([one.stop(), other.stop(), later.stop()]);
    expect(clock.timers).toBe(0);
  });

  test('is written back where Redis has forgotten it, and stands while Redis is away', async () => {
    const register = new FakeRegister();
    const clock = new FakeClock();
    const control = replica(register, clock);
    await control.start();
    await control.change(pause);
    register.away = true;
    await clock.advance(5_000);
    expect(control.state.paused).toEqual(PAUSED);
    register.away = false;
    register.stored = { version: 0, text: '' };
    await clock.advance(1_000);
    expect(JSON.parse(register.stored.text)).toMatchObject({ paused: PAUSED });
    await control.stop();
  });

  test('takes up what another replica switched meanwhile', async () => {
    const register = new FakeRegister();
    const clock = new FakeClock();
    const [one, other] = [replica(register, clock), replica(register, clock)];
    await one.change(pause);
    expect(await other.change(open)).toEqual({ paused: PAUSED, breaker: OPEN });
  });

  test("by a version that knew only operators is taken for an operator's", async () => {
    const register = new FakeRegister();
    register.stored = { version: 7, text: JSON.stringify({ paused: null, breaker: PAUSED }) };
    const control = replica(register, new FakeClock());
    await control.start();
    expect(control.state.breaker).toMatchObject({ cause: 'operator', state: 'open', ...PAUSED });
    await control.stop();
  });

  test('is refused, and nothing is switched, while Redis is away', async () => {
    const register = new FakeRegister();
    const control = replica(register, new FakeClock());
    register.away = true;
    await expect(control.change(pause)).rejects.toThrow('away');
    expect(control.state.paused).toBeNull();
  });
});

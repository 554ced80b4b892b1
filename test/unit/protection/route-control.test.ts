import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/logger.ts';
import { type ControlState, releaseRate, RouteControl } from '../../../src/protection/route-control.ts';
import { ReleaseLimit } from '../../../src/protection/release-limit.ts';
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
const open = (state: ControlState): ControlState => ({ ...state, breaker: PAUSED });

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
    expect(await other.change(open)).toEqual({ paused: PAUSED, breaker: PAUSED });
  });

  test('is refused, and nothing is switched, while Redis is away', async () => {
    const register = new FakeRegister();
    const control = replica(register, new FakeClock());
    register.away = true;
    await expect(control.change(pause)).rejects.toThrow('away');
    expect(control.state.paused).toBeNull();
  });
});

test('a paused route releases nothing, what it had saved up included; an open breaker one a second', async () => {
  const clock = new FakeClock();
  let state: ControlState = { paused: null, breaker: null };
  const limit = new ReleaseLimit(
    () => clock.monotonic(),
    () => releaseRate(state, 500),
  );
  await clock.advance(1_000);
  expect(limit.available()).toBe(50);
  state = { paused: PAUSED, breaker: null };
  expect(limit.available()).toBe(0);
  await clock.advance(60_000);
  expect(limit.available()).toBe(0);
  state = { paused: null, breaker: PAUSED };
  await clock.advance(999);
  expect(limit.available()).toBe(0);
  await clock.advance(60_000);
  expect(limit.available()).toBe(1);
});

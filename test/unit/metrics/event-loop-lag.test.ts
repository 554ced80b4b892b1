import { expect, test } from '@jest/globals';
import { EventLoopLag } from '../../../src/metrics/event-loop-lag.ts';
import { FakeClock } from '../../support/fake-clock.ts';

test('a timer that is late tells by how much; a stop leaves none behind', async () => {
  const clock = new FakeClock();
  const lags: number[] = [];
  let late = 0;
  const hesitant = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms: number) => clock.sleep(ms),
    after: (ms: number, callback: () => void) => clock.after(ms + late, callback),
  };
  const lag = new EventLoopLag({ clock: hesitant, onLag: (seconds) => lags.push(seconds) });
  await lag.start();
  late = 250;
  await clock.advance(100);
  await clock.advance(350);
  await lag.stop();
  expect(lags).toEqual([0, 0.25]);
  expect(clock.timers).toBe(0);
});

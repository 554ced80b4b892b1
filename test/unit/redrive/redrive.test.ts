import { expect, test } from '@jest/globals';
import { stateOf, steered } from '../../../src/redrive/redrive.ts';
import type { RedriveState, Steering } from '../../../src/redrive/redrive.ts';

test('what operators may do in each state, and that doing it again changes nothing', () => {
  const table: Record<RedriveState, Record<Steering, ReturnType<typeof steered>>> = {
    running: { pause: 'pause', resume: null, cancel: 'cancel' },
    paused: { pause: null, resume: 'run', cancel: 'cancel' },
    cancelled: { pause: 'ended', resume: 'ended', cancel: null },
    done: { pause: 'ended', resume: 'ended', cancel: 'ended' },
    failed: { pause: 'ended', resume: 'ended', cancel: 'ended' },
  };
  for (const [state, row] of Object.entries(table)) {
    for (const [steering, expected] of Object.entries(row)) {
      const wish = steered(state as RedriveState, steering as Steering);
      expect([state, steering, wish]).toEqual([state, steering, expected]);
      if (wish === null || wish === 'ended') continue;
      expect(steered(stateOf(wish, null), steering as Steering)).toBeNull();
    }
  }
});

test('what has ended stays as it is, whatever is wished', () => {
  for (const state of ['done', 'failed', 'cancelled'] as const) {
    for (const wish of ['run', 'pause', 'cancel'] as const)
      expect(stateOf(wish, { state, at: 1 })).toBe(state);
  }
});

import type { ShardReadings } from '../../src/metrics/shard-gauges.ts';

/** What a shard says of which nothing is known but this. */
export function readings(overrides: Partial<ShardReadings> = {}): ShardReadings {
  return {
    restored: true,
    locksHeld: 0,
    oldestLockAgeSeconds: 0,
    deadLetterDepth: 0,
    heldMessages: 0,
    heldBytes: 0,
    inFlightMessages: 0,
    pendingMessages: 0,
    parkedKeys: 0,
    dueKeys: 0,
    ingestLagMessages: 0,
    consumerLagMessages: null,
    cursorDriftSeconds: null,
    ...overrides,
  };
}

import { LONGEST_BLOCK } from './breaker.ts';

/** So far apart are partitions that try a blocked record, where there are few of them, ms. */
const APART = 1_000;
/** A slot that is nearer than this has passed for whoever hears of it. */
const NEAR = 200;

/**
 * When a partition may try a blocked record again, in ms. Each partition has its moment in a round, as far from the others'
 * as the round allows: so few of them try at a time, whichever replicas they ask.
 */
export function untilSlot(partition: number, partitions: number, now: number): number {
  const round = Math.min(LONGEST_BLOCK, Math.max(1, partitions) * APART);
  const moment = Math.floor((partition * round) / Math.max(1, partitions));
  const wait = (((moment - now) % round) + round) % round;
  return Math.ceil(wait < NEAR ? wait + Math.min(round, LONGEST_BLOCK - NEAR) : wait);
}

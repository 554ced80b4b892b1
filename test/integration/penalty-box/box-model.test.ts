import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BACKOFF, BoxBench } from '../../support/penalty-box.ts';
import type { BoxPolicy } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';
import { claimFirst, steps } from './model/steps.ts';
import { World } from './model/world.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

// `MODEL_SEED=… MODEL_RUNS=…` does a run again, or makes a longer one. Lanes run side by side, so that this process
// and Redis work at the same time; a failure names the seed of its lane, with which it is the first one.
const LANES = 4;
const seed = Number(process.env['MODEL_SEED'] ?? Math.floor(performance.timeOrigin % 2 ** 31));
const runs = Number(process.env['MODEL_RUNS'] ?? 600);

const policies = fc.record({
  gated: fc.nat({ max: 3 }).map((drawn) => drawn < 3),
  wide: fc.nat({ max: 3 }).map((drawn) => drawn < 3),
  hold: fc.boolean(),
  aging: fc.boolean(),
});

test(
  `in any order of events the box does what the protocol says (seed ${String(seed)})`,
  async () => {
    let [done, held, readOn] = [0, 0, 0];
    const property = fc.asyncProperty(
      policies,
      fc.commands(steps, { maxCommands: 40, size: 'max' }),
      async ({ gated, hold, wide, aging }, commands) => {
        const policy: BoxPolicy = {
          gated,
          backoff: { kind: 'exponential', initial: BACKOFF, multiplier: 2, max: 4_000, jitter: 0 },
          maxAttempts: 3,
          maxAge: aging ? 9_000 : null,
          claimTtl: 3_000,
          gateListLimit: 1_000,
          // Without a gate nothing can be recalled.
          window: gated && wide ? 3 : 1,
        };
        const world = new World(await bench.shard(policy), policy, hold);
        if (gated) await claimFirst(world);
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
        done++;
        held += world.timesHeld;
        readOn += world.timesReadOn;
      },
    );
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      fc.assert(property, { seed: seed + lane, numRuns: Math.ceil(runs / LANES) }),
    );
    await Promise.all(lanes);
    expect(done).toBeGreaterThanOrEqual(runs);
    // Rare enough that they could be forgotten.
    expect(Math.min(held, readOn)).toBeGreaterThan(0);
  },
  Math.max(300_000, runs * 300),
);

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Gate } from '../../../src/gate/gate.ts';
import { headerMap } from '../../../src/gate/headers.ts';
import type { GateRecord } from '../../../src/gate/record.ts';
import { drawsFrom } from './support/draws.ts';
import { GateHarness, record, redelivered } from './support/gate-harness.ts';
import { ModelService } from './support/model-service.ts';

/** A main topic of three keys, a service with faults, handlers and a producer that fail as the numbers say. */
class World {
  readonly h = new GateHarness({ proveOwnership: async () => true, patienceMs: Infinity });
  readonly model: ModelService;
  readonly succeeded = new Set<number>();
  readonly safe = new Set<number>();
  readonly #draw: () => number;
  #next = 1_000;
  unfinished = 0;
  readonly violations: string[] = [];

  constructor(draw: () => number) {
    this.#draw = draw;
    this.model = new ModelService(draw);
    for (const kind of ['claims', 'renewals', 'admissions', 'outcomes'] as const) {
      this.h.service.always.set(kind, (call) => this.model.answer(call));
    }
    this.h.publishing = async (records) => {
      if (draw() < 0.2) throw new Error('not acknowledged');
      for (const { key, headers } of records) {
        const offset = Number(String(headerMap(headers)['x-retry-origin-offset']));
        this.safe.add(offset);
        this.model.arrived(String(key), offset);
      }
    };
  }

  take(gate: Gate, one: GateRecord, origin: number): void {
    const key = String(one.key);
    this.unfinished += 1;
    const handled = gate.handle(one, async () => {
      // Order: each earlier message of the key has succeeded when this one is handled, whether the service knows or not.
      const missing = this.origins(key).find((earlier) => earlier < origin && !this.succeeded.has(earlier));
      if (missing !== undefined) this.violations.push(`${origin} before ${missing}`);
      await Promise.resolve();
      if (this.#draw() < 0.3) throw new Error('failed');
      this.succeeded.add(origin);
    });
    void handled.then((finish) => {
      this.unfinished -= 1;
      // Nothing is finished before it succeeded, or is safe in the retry topic.
      const [succeeded, safe] = [this.succeeded.has(origin), this.safe.has(origin)];
      const right = finish === 'handled' ? succeeded : finish === 'redirected' ? safe : succeeded || safe;
      if (!right) this.violations.push(`${origin} finished as ${finish}`);
    });
  }

  origins(key: string): number[] {
    return Array.from({ length: 12 }, (_, index) => index).filter((offset) => keyOf(offset) === key);
  }

  async run(): Promise<void> {
    // A limit of 0 is a client that holds nothing; small ones are reached, with time and records.
    const [limit, ms] = [Math.floor(this.#draw() * 5), 50 + Math.floor(this.#draw() * 2_000)];
    const gate = await this.h.gate([0], { limit, ms });
    for (let offset = 0; offset < 12; offset += 1) {
      this.take(gate, record(offset, keyOf(offset)), offset);
      if (this.#draw() < 0.5) await this.h.clock.advance(0);
      // The service redelivers while fresh records still come.
      if (this.#draw() < 0.3) this.#redeliver(gate);
    }
    for (let round = 0; this.succeeded.size < 12 && round < 200; round += 1) {
      await this.h.clock.until(() => this.unfinished === 0);
      this.#redeliver(gate);
    }
    await this.h.clock.until(() => this.unfinished === 0);
    expect(this.h.service.mostAtOnce).toBe(1);
    await gate.close();
  }

  #redeliver(gate: Gate): void {
    for (const { key, origin, token } of this.model.release(() => Math.floor(this.#draw() * 3))) {
      this.#next += 1;
      this.take(gate, redelivered(this.#next, origin, key, token), origin);
    }
  }
}

const keyOf = (offset: number): string => ['a', 'b', 'a', 'c'][offset % 4] ?? 'a';

describe('with any faults', () => {
  let held = 0;

  it('messages of a key succeed in order, none is lost, and none is finished before it is safe', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const world = new World(drawsFrom(seed));
        await world.run();
        expect(world.violations).toEqual([]);
        expect(world.succeeded.size).toBe(12);
        held += world.model.held;
      }),
      { numRuns: Number(process.env['GATE_RUNS'] ?? 200) },
    );
    expect(held).toBeGreaterThan(0);
  });
});

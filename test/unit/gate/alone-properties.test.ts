import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Gate } from '../../../src/gate/gate.ts';
import type { GateRecord } from '../../../src/gate/record.ts';
import { drawsFrom } from './support/draws.ts';
import { turns } from './support/gate-clock.ts';
import { GateHarness, record, redelivered } from './support/gate-harness.ts';
import { RetryLogService } from './support/retry-log-service.ts';

const MESSAGES = 24;
const keyOf = (offset: number): string => ['a', 'b', 'a', 'c'][offset % 4] ?? 'a';

/** A service that comes and goes while records of three keys come in, fail, and are published slowly. */
class World {
  readonly h = new GateHarness({
    ...{ proveOwnership: async () => true, patienceMs: 50, requestTimeoutMs: 200, claimTimeoutMs: 400 },
    retry: { initialMs: 10, maxMs: 40 },
  });
  readonly service: RetryLogService;
  readonly succeeded = new Set<number>();
  readonly violations: string[] = [];
  readonly #draw: () => number;
  #next = 1_000;
  #unfinished = 0;

  constructor(draw: () => number) {
    this.#draw = draw;
    this.service = new RetryLogService(draw);
    for (const kind of ['claims', 'renewals', 'admissions', 'outcomes'] as const) {
      this.h.service.always.set(kind, (call) => this.service.answer(call));
    }
    this.h.publishing = async (records) => {
      await turns(Math.floor(draw() * 12));
      const acknowledged = draw() > 0.1;
      for (const one of records) {
        // Not acknowledged, and there all the same.
        if (acknowledged || draw() < 0.5) this.service.append(one);
      }
      if (!acknowledged) throw new Error('not acknowledged');
    };
  }

  async run(): Promise<void> {
    const { h, service } = this;
    const holds = { limit: Math.floor(this.#draw() * 4), ms: 50 + Math.floor(this.#draw() * 2_000) };
    const gate = await h.gate([0], holds);
    await h.clock.until(() => gate.pass(record(0, 'free')));
    for (let offset = 0; offset < MESSAGES; offset += 1) {
      this.#take(gate, record(offset, keyOf(offset)), offset);
      await this.#meanwhile(gate);
      if (this.#draw() < 0.2) service.gone = !service.gone;
      if (service.gone && this.#draw() < 0.1) service.loseRedis();
    }
    for (let round = 0; round < 400 && !this.#isOver(); round += 1) {
      if (round > 20) service.gone = false;
      else if (this.#draw() < 0.2) service.gone = !service.gone;
      await this.#meanwhile(gate);
    }
    expect(this.violations).toEqual([]);
    expect(this.succeeded.size).toBe(MESSAGES);
    expect(service.unresolved).toBe(0);
    expect(service.late).toBe(0);
    await gate.close();
  }

  async #meanwhile(gate: Gate): Promise<void> {
    const { h, service } = this;
    if (this.#draw() < 0.5) await h.clock.advance(Math.floor(this.#draw() * 120));
    else await turns(1);
    if (!service.gone && this.#draw() < 0.5) service.readTo(service.log.length);
    for (const { key, origin, token } of service.release()) {
      this.#next += 1;
      this.#take(gate, redelivered(this.#next, origin, key, token), origin, token);
    }
  }

  #take(gate: Gate, one: GateRecord, origin: number, token?: string): void {
    const key = String(one.key);
    this.#unfinished += 1;
    const handled = gate.handle(one, async () => {
      for (let earlier = 0; earlier < origin; earlier += 1) {
        if (keyOf(earlier) === key && !this.succeeded.has(earlier)) {
          this.violations.push(`${origin} before ${earlier}`);
        }
      }
      await turns(Math.floor(this.#draw() * 3));
      if (this.#draw() < 0.3) throw new Error('failed');
      this.succeeded.add(origin);
    });
    void handled.then((finish) => {
      this.#unfinished -= 1;
      const succeeded = this.succeeded.has(origin);
      const safe = this.service.log.some((logged) => logged.origin === origin);
      const right = finish === 'handled' ? succeeded : finish === 'redirected' ? safe : succeeded || safe;
      if (!right) this.violations.push(`${origin} finished as ${finish}`);
      if (token !== undefined) this.service.passed(key, origin, token);
    });
  }

  #isOver(): boolean {
    return this.#unfinished === 0 && this.succeeded.size === MESSAGES && this.service.unresolved === 0;
  }
}

describe('while the service comes and goes', () => {
  it('messages of a key succeed in order, none is lost, none is taken for late, and every key is unlocked', async () => {
    let [alone, held] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const world = new World(drawsFrom(seed));
        await world.run();
        alone += world.h.events.filter(({ type }) => type === 'with-service-again').length;
        held += world.service.held;
      }),
      { numRuns: Number(process.env['GATE_RUNS'] ?? 100) },
    );
    expect(alone).toBeGreaterThan(50);
    expect(held).toBeGreaterThan(0);
  });
});

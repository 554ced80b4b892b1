import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { Recurring } from '../recurring.ts';
import type { Register, Versioned } from '../redis/register.ts';
import { Trouble } from '../trouble.ts';
import { openedByHand } from './breaker.ts';
import type { OpenBreaker } from './breaker.ts';

/** What an operator has switched, and why. */
export interface Imposed {
  /** Epoch ms. */
  readonly since: number;
  readonly reason: string;
}

export interface ControlState {
  /** Nothing is redelivered or dead-lettered; failures go on being recorded. */
  readonly paused: Imposed | null;
  /** The circuit breaker, where it is not closed: new failures stop their partition. Opened by itself, or by an operator. */
  readonly breaker: OpenBreaker | null;
}

interface Deps {
  readonly register: Pick<Register, 'read' | 'replace'>;
  /** Told of each state that is new to this replica. */
  readonly onChange: (state: ControlState, before: ControlState) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL = 1_000;
const TRIES = 5;
const NOTHING: ControlState = { paused: null, breaker: null };

/**
 * What is switched for a route, by operators or by its breaker: all replicas follow within a second. While Redis does not answer, what it said
 * last stands; where it has forgotten it, a replica that knows writes it back.
 */
export class RouteControl implements Component {
  readonly #deps: Deps;
  readonly #looks: Recurring;
  readonly #silence: Trouble;
  #version = 0;
  #state = NOTHING;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#silence = new Trouble(deps.logger);
    this.#looks = new Recurring({ interval: INTERVAL, look: () => this.#look(), clock: deps.clock });
  }

  get state(): ControlState {
    return this.#state;
  }

  /** Rises with every change. */
  get version(): number {
    return this.#version;
  }

  /** Known before anything is released: a paused route stays so through a restart. */
  async start(): Promise<void> {
    await this.#look();
    await this.#looks.start();
  }

  async stop(): Promise<void> {
    await this.#looks.stop();
  }

  /** Rejects where Redis does not answer, or others keep switching at the same time: nothing was switched then. */
  async change(next: (state: ControlState) => ControlState): Promise<ControlState> {
    for (let tries = 0; tries < TRIES; tries++) {
      const stored = await this.#deps.register.read();
      this.#adopt(stored);
      const state = next(this.#state);
      if (state === this.#state) return state;
      const version = Math.max(this.#version + 1, this.#deps.clock.now());
      const wanted = { version, text: JSON.stringify(state) };
      if (!(await this.#deps.register.replace(stored.version, wanted))) continue;
      this.#adopt(wanted);
      return state;
    }
    throw new OrchestratorError('UNAVAILABLE', 'others are switching the route at the same time', {
      retryAfterMs: 1_000,
    });
  }

  async #look(): Promise<void> {
    const { register } = this.#deps;
    try {
      const stored = await register.read();
      this.#adopt(stored);
      if (stored.version < this.#version) {
        const known = { version: this.#version, text: JSON.stringify(this.#state) };
        await register.replace(stored.version, known);
      }
      this.#silence.over('control_known', 'Redis says again what operators have switched');
    } catch (err) {
      this.#silence.met(
        { event: 'control_unknown', err },
        'Redis did not say what operators have switched; asking again',
      );
    }
  }

  #adopt({ version, text }: Versioned): void {
    if (version <= this.#version) return;
    this.#version = version;
    const before = this.#state;
    this.#state = read(text);
    this.#deps.onChange(this.#state, before);
    if (shown(this.#state) === shown(before)) return;
    const { paused, breaker } = this.#state;
    this.#deps.logger.info(
      {
        event: 'route_control',
        paused: paused !== null,
        breaker: breaker?.state ?? 'closed',
        cause: breaker?.cause ?? null,
      },
      'the route is switched',
    );
  }
}

/** What the log tells of it: not each probe. */
function shown({ paused, breaker }: ControlState): string {
  return [paused !== null, breaker?.state, breaker?.cause].join();
}

function read(text: string): ControlState {
  const { paused = null, breaker = null } = JSON.parse(text) as Partial<ControlState>;
  // Before the breaker acted by itself, only an operator could open it.
  const known = breaker && (breaker.cause as OpenBreaker['cause'] | undefined);
  return { paused, breaker: breaker && (known ? breaker : openedByHand(breaker.since, breaker.reason)) };
}

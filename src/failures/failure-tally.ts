import { createHash } from 'node:crypto';
import type { Unit } from '../domain/unit.ts';
import { shapeOf } from './message-shape.ts';

/** One failed attempt. */
export interface Failed {
  readonly unit: Unit;
  readonly partition: number;
  readonly errorClass: string;
  readonly message: string;
}

/** Failures of one kind since the last time they were taken. Times in epoch ms. */
export interface ShapeCount {
  readonly id: string;
  readonly errorClass: string;
  readonly shape: string;
  count: number;
  readonly firstSeen: number;
  lastSeen: number;
  /** The message of the first of them. */
  readonly example: string;
}

/** The last failures of one key, the newest first. */
export interface KeyFailure {
  readonly at: number;
  readonly partition: number;
  readonly errorClass: string;
  readonly message: string;
}

export interface Taken {
  readonly shapes: readonly ShapeCount[];
  readonly keys: readonly (readonly [Unit, readonly KeyFailure[]])[];
}

/** Messages that are told apart between two takings: more would be felt where everything fails. */
const MESSAGES = 1_000;
const KEYS = 1_000;
/** Of one key. */
export const KEPT_OF_KEY = 3;
const BEYOND = '(more kinds of messages than are told apart in a second)';

/** Counts failures in memory, at the cost of a look-up each. */
export class FailureTally {
  #shapes = new Map<string, ShapeCount>();
  /** By class and message as they came: most of many failures say the same. */
  #messages = new Map<string, ShapeCount>();
  #keys = new Map<string, KeyFailure[]>();

  get isEmpty(): boolean {
    return this.#shapes.size === 0;
  }

  add({ unit, partition, errorClass, message }: Failed, at: number): void {
    const name = `${errorClass}\0${message}`;
    let shape = this.#messages.get(name);
    if (shape === undefined) {
      const known = this.#messages.size < MESSAGES;
      shape = this.#shapeOf(errorClass, known ? shapeOf(message) : BEYOND, known ? message : '', at);
      if (known) this.#messages.set(name, shape);
    }
    shape.count++;
    shape.lastSeen = at;

    const key = unit.toString('latin1');
    const failures = this.#keys.get(key);
    if (failures !== undefined) {
      failures.unshift({ at, partition, errorClass, message });
      if (failures.length > KEPT_OF_KEY) failures.pop();
    } else if (this.#keys.size < KEYS) {
      this.#keys.set(key, [{ at, partition, errorClass, message }]);
    }
  }

  /** All since the last time. */
  take(): Taken {
    const shapes = [...this.#shapes.values()];
    const keys = [...this.#keys].map(([key, failures]) => [Buffer.from(key, 'latin1'), failures] as const);
    this.#shapes = new Map();
    this.#messages = new Map();
    this.#keys = new Map();
    return { shapes, keys };
  }

  #shapeOf(errorClass: string, shape: string, example: string, at: number): ShapeCount {
    const name = `${errorClass}\0${shape}`;
    let counted = this.#shapes.get(name);
    if (counted === undefined) {
      const id = createHash('sha256').update(name).digest('base64url').slice(0, 16);
      counted = { id, errorClass, shape, count: 0, firstSeen: at, lastSeen: at, example };
      this.#shapes.set(name, counted);
    }
    return counted;
  }
}

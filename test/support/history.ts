import type { GateRecord, HandlerContext } from '../../src/gate/index.ts';
import type { KafkaRecord } from './kafka-record.ts';
import { waitFor } from './wait-for.ts';

/** One run of a handler. */
export interface Handling {
  /** Names the message: origin partition and offset. */
  readonly id: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly attempt: number;
  readonly redelivered: boolean;
  readonly record: GateRecord;
  /** Which run of the handler for this message it is, 1 for the first: counted here, whatever the headers say. */
  readonly run: number;
  readonly begunAt: number;
  /** Epoch ms, set when it has ended. */
  endedAt: number | null;
  outcome: 'running' | 'succeeded' | 'failed';
}

type Moment =
  | { readonly what: 'begin' | 'end'; readonly handling: Handling }
  | { readonly what: 'give-up' | 'recorded'; readonly id: string };

export type Behaviour = (handling: Handling) => unknown;

/** What the handlers of one consumer group did, in the order in which they did it. */
export class History {
  readonly handlings: Handling[] = [];
  readonly #moments: Moment[] = [];
  readonly #runs = new Map<string, number>();

  /** A handler that does what `behaviour` says and writes down that it did. */
  handler(behaviour: Behaviour): (record: GateRecord, context: HandlerContext) => Promise<void> {
    return async (record, { attempt, redelivered, origin }) => {
      const id = `${origin.partition}:${origin.offset}`;
      const run = (this.#runs.get(id) ?? 0) + 1;
      this.#runs.set(id, run);
      const handling: Handling = {
        ...{ id, attempt, redelivered, record, run },
        key: textOf(record.key),
        value: textOf(record.value),
        begunAt: Date.now(),
        endedAt: null,
        outcome: 'running',
      };
      this.handlings.push(handling);
      this.#moments.push({ what: 'begin', handling });
      try {
        await behaviour(handling);
        handling.outcome = 'succeeded';
      } catch (error) {
        handling.outcome = 'failed';
        throw error;
      } finally {
        handling.endedAt = Date.now();
        this.#moments.push({ what: 'end', handling });
      }
    };
  }

  /** From here on the message counts as resolved: the dead-letter topic has it. */
  gaveUp(message: KafkaRecord): void {
    this.#moments.push({ what: 'give-up', id: idOf(message) });
  }

  /** The service has answered that it knows of this record's success. */
  successRecorded(partition: number, offset: number): void {
    const handling = this.handlings.find(
      ({ record }) => record.partition === partition && record.offset === offset,
    );
    if (handling !== undefined) this.#moments.push({ what: 'recorded', id: handling.id });
  }

  /** Messages that were given to the handler again although their success was recorded. */
  get repeated(): string[] {
    const recorded = new Set<string>();
    const repeated: string[] = [];
    for (const moment of this.#moments) {
      if (moment.what === 'recorded') recorded.add(moment.id);
      if (moment.what === 'begin' && recorded.has(moment.handling.id)) repeated.push(moment.handling.id);
    }
    return repeated;
  }

  of(message: KafkaRecord): Handling[] {
    return this.handlings.filter(({ id }) => id === idOf(message));
  }

  succeeded(message: KafkaRecord): boolean {
    return this.of(message).some(({ outcome }) => outcome === 'succeeded');
  }

  /** Resolves when every one of the messages has been handled with success at least once. `state`: what else to show if not. */
  async allSucceeded(
    sent: readonly KafkaRecord[],
    state: () => Promise<string> = () => Promise.resolve(''),
  ): Promise<void> {
    const missing = (): KafkaRecord[] => {
      const done = new Set(
        this.handlings.filter(({ outcome }) => outcome === 'succeeded').map(({ id }) => id),
      );
      return sent.filter((message) => !done.has(idOf(message)));
    };
    await waitFor('every message to succeed', () => missing().length === 0, {
      within: 180_000,
      state: async () =>
        `${missing().length} of ${sent.length} missing: ${describe(missing().slice(0, 10))}\n${await state()}`,
    });
  }

  /** The values in the order of their first successes. */
  get firstSuccesses(): (string | null)[] {
    const ended = this.#moments.flatMap((moment) =>
      moment.what === 'end' && moment.handling.outcome === 'succeeded' ? [moment.handling] : [],
    );
    return ended
      .filter(({ id }, i) => ended.findIndex((other) => other.id === id) === i)
      .map(({ value }) => value);
  }

  /**
   * Where a message was given to the handler while an earlier one of its key was neither handled with success nor given
   * up. One line each; none: the order was kept.
   */
  violations(sent: readonly KafkaRecord[]): string[] {
    const earlier = new Map<string, string[]>();
    for (const message of sent) {
      if (message.key === null) continue;
      const before = sent.filter(
        ({ partition, key, offset }) =>
          partition === message.partition && key?.equals(message.key!) === true && offset < message.offset,
      );
      earlier.set(idOf(message), before.map(idOf));
    }
    const resolved = new Set<string>();
    const found: string[] = [];
    for (const moment of this.#moments) {
      if (!('handling' in moment)) {
        resolved.add(moment.id);
      } else if (moment.what === 'end') {
        if (moment.handling.outcome === 'succeeded') resolved.add(moment.handling.id);
      } else {
        const { id, key, run } = moment.handling;
        const missing = (earlier.get(id) ?? []).filter((other) => !resolved.has(other));
        if (missing.length > 0) {
          found.push(`${id} of key ${key}, run ${run}, began before ${missing.join(', ')}`);
        }
      }
    }
    return found;
  }
}

/** Fails the first runs of a message, by its value: `failFirst({ 'a0': 3 })`. */
export function failFirst(failures: Readonly<Record<string, number>>): Behaviour {
  return ({ value, run }) => {
    if (run <= (failures[value ?? ''] ?? 0)) throw new Error(`run ${run} of ${value} fails`);
  };
}

function idOf({ partition, offset }: KafkaRecord): string {
  return `${partition}:${offset}`;
}

function describe(messages: readonly KafkaRecord[]): string {
  return messages.map((message) => `${idOf(message)} ${textOf(message.value)}`).join(', ');
}

function textOf(bytes: Buffer | string | null | undefined): string | null {
  return typeof bytes === 'string' ? bytes : (bytes?.toString('utf8') ?? null);
}

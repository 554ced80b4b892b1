import { check, checkLives, type Verdict } from '../../../faults/checker.ts';
import type { DeadLetter, FaultKind, HistoryLine, Mode, RoutePolicy, Sent } from '../../../faults/history.ts';

interface CallOptions {
  readonly consumer?: string;
  readonly attempt?: number;
  readonly redelivered?: boolean;
  /** How long the handler took; undefined: 1 ms. */
  readonly ms?: number;
}

/** Three attempts: 100 ms after the first failure, 200 ms after the second. */
export const policies = (['gated', 'ungated', 'unordered'] as const).map((mode): RoutePolicy => ({
  ...{ route: mode, mode },
  ...{ backoff: { initialMs: 100, multiplier: 2, maxMs: 1_000 }, maxAttempts: 3, journalIntervalMs: 200 },
}));

const START = 1_790_000_000_000;

/** Tells a run as it would be found written down. Times are ms since its start; all is in partition 0. */
export class RunBuilder {
  readonly #history: HistoryLine[] = [];
  readonly #mode: Mode;
  #offset = 0;
  #calls = 0;
  #remains: readonly [number, number, number] | undefined = [0, 0, 0];

  constructor(mode: Mode = 'gated') {
    this.#mode = mode;
  }

  /** One message more of the key. */
  order(key: string, at = 0): Sent {
    const seq = 1 + this.#history.filter((line) => line.type === 'sent' && line.key === key).length;
    const message = { route: this.#mode, partition: 0, offset: this.#offset++ };
    const sent: Sent = { type: 'sent', at: START + at, key, seq, ...message };
    this.#history.push(sent);
    return sent;
  }

  /** It was not acknowledged. */
  forget(sent: Sent): this {
    this.#history.splice(this.#history.indexOf(sent), 1);
    return this;
  }

  call(
    message: Sent,
    at: number,
    result: 'succeeded' | 'failed' | 'unknown',
    options: CallOptions = {},
  ): this {
    const { consumer = 'consumer-1.1', attempt = 1, redelivered = attempt > 1, ms = 1 } = options;
    const call = ++this.#calls;
    this.#history.push({ ...message, type: 'begun', at: START + at, consumer, call, attempt, redelivered });
    if (result !== 'unknown') {
      this.#history.push({ type: 'ended', at: START + at + ms, consumer, call, result });
    }
    return this;
  }

  recorded(message: Sent, at: number, consumer = 'consumer-1.1'): this {
    this.#history.push({ ...message, type: 'recorded', at: START + at, consumer });
    return this;
  }

  assigned(consumer: string, at: number): this {
    return this.#turn('assigned', consumer, at);
  }

  revoked(consumer: string, at: number): this {
    return this.#turn('revoked', consumer, at);
  }

  deadLetter({ route, partition, offset }: Sent, at: number, reason = 'exhausted'): this {
    const letter: DeadLetter = {
      type: 'dead-letter',
      at: START + at,
      route,
      partition,
      offset,
      reason,
      attempt: 3,
    };
    this.#history.push(letter);
    return this;
  }

  redriven({ route, partition, offset, key, seq }: Sent, at: number, id = `job/0/${offset}`): this {
    this.#history.push({ type: 'redriven', at: START + at, route, partition, offset, key, seq, id });
    return this;
  }

  fault(kind: FaultKind, at: number, { target = 'all', until = at } = {}): this {
    this.#history.push({ type: 'fault', kind, target, at: START + at, until: START + until });
    return this;
  }

  /** Locked keys, held messages, in flight, when all is over; undefined: nobody looked. Without this: nothing. */
  remains(remains: readonly [number, number, number] | undefined): this {
    this.#remains = remains;
    return this;
  }

  get history(): HistoryLine[] {
    return [...this.#history];
  }

  get verdict(): Verdict {
    return check([...this.#history, ...this.#remainsAt(0)], [this.#policy]);
  }

  /** The promises that were broken before the dead letters came again, and since. */
  brokenInLives(redrivenAt: number): string[][] {
    const history = [...this.#history, ...this.#remainsAt(0), ...this.#remainsAt(redrivenAt)];
    return checkLives(history, [this.#policy], START + redrivenAt).map(brokenIn);
  }

  /** The promises that were broken, one word for each case. */
  get broken(): string[] {
    return brokenIn(this.verdict);
  }

  notesOf(promise: string): readonly string[] {
    return this.verdict.rows.find((row) => row.promise === promise)!.notes;
  }

  get #policy(): RoutePolicy {
    return policies.find(({ mode }) => mode === this.#mode)!;
  }

  #remainsAt(at: number): HistoryLine[] {
    if (this.#remains === undefined) return [];
    const [lockedKeys, heldMessages, inFlight] = this.#remains;
    return [{ type: 'remains', at: START + at, route: this.#mode, lockedKeys, heldMessages, inFlight }];
  }

  #turn(type: 'assigned' | 'revoked', consumer: string, at: number): this {
    this.#history.push({ type, at: START + at, consumer, route: this.#mode, partitions: [0] });
    return this;
  }
}

function brokenIn({ rows }: Verdict): string[] {
  return rows.flatMap(({ promise, violations }) => violations.map(() => promise));
}

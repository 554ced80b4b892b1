import type { Evidence } from '../../../dev/demo/checker/story.ts';
import type { DeadLetter } from '../../../dev/demo/dead-letters.ts';
import type { HistoryLine } from '../../../dev/demo/history.ts';
import type { Sent } from '../../../dev/demo/produce.ts';

interface CallOptions {
  readonly consumer?: string;
  readonly attempt?: number;
  readonly redelivered?: boolean;
  /** How long the handler took; undefined: 1 ms. */
  readonly ms?: number;
}

type Result = 'succeeded' | 'failed' | 'unknown';

/** Tells a run as it would be found written down. Times are ms since its start; all is in partition 0. */
export class RunBuilder {
  readonly #sent: Sent[] = [];
  readonly #history: HistoryLine[] = [];
  readonly #deadLetters: DeadLetter[] = [];
  readonly #kills: Evidence['kills'][number][] = [];
  readonly #serviceKills: number[] = [];
  #calls = 0;

  /** One message more of the key. */
  order(key: string, at = 0): Sent {
    const seq = this.#sent.filter((sent) => sent.key === key).length + 1;
    const sent = { key, seq, partition: 0, offset: this.#sent.length, at };
    this.#sent.push(sent);
    return sent;
  }

  call(message: Sent, at: number, result: Result, options: CallOptions = {}): this {
    const { consumer = 'a', attempt = 1, redelivered = attempt > 1, ms = 1 } = options;
    this.#calls += 1;
    const { key, seq, partition, offset } = message;
    const call = this.#calls;
    const begun = { type: 'begun', key, seq, partition, offset, attempt, redelivered } as const;
    this.#history.push({ at, consumer, call, ...begun });
    if (result !== 'unknown') this.#history.push({ at: at + ms, consumer, call, type: 'ended', result });
    return this;
  }

  recorded({ partition, offset }: Sent, at: number): this {
    this.#history.push({ at, consumer: 'a', type: 'recorded', partition, offset });
    return this;
  }

  assigned(consumer: string, at: number): this {
    this.#history.push({ at, consumer, type: 'assigned', partitions: [0] });
    return this;
  }

  deadLetter({ partition, offset }: Sent, at: number, reason = 'exhausted'): this {
    this.#deadLetters.push({ partition, offset, at, reason, attempt: 3 });
    return this;
  }

  kill(consumer: string, at: number): this {
    this.#kills.push({ consumer, at });
    return this;
  }

  killService(at: number): this {
    this.#serviceKills.push(at);
    return this;
  }

  /** The key `poison` always fails; 100 ms after the first failure, 200 ms after the second; three attempts. */
  get evidence(): Evidence {
    return {
      sent: this.#sent,
      history: this.#history,
      deadLetters: this.#deadLetters,
      kills: this.#kills,
      serviceKills: this.#serviceKills,
      poisonKey: 'poison',
      policy: { backoff: { initialMs: 100, multiplier: 2, maxMs: 1_000 }, maxAttempts: 3 },
    };
  }
}

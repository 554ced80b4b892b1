import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveView } from './live-view.ts';
import type { Processes } from './processes.ts';
import type { Producer } from './produce.ts';
import { Progress } from './progress.ts';
import type { ServiceFigures, ServiceView } from './service-view.ts';
import type { Names, Topics } from './topics.ts';

const LOOK_EVERY_MS = 100;
/** Kafka and the service are asked less often than the histories are read: what asks much disturbs what it sees. */
const ASK_EVERY_MS = 500;

/** What Kafka and the service said last. */
interface Asked {
  /** By partition. */
  readonly lag: readonly number[];
  readonly deadLetters: number;
  readonly service: ServiceFigures | undefined;
  /** Whether every message had its end already when this was asked: what was asked before may be out of date. */
  readonly isLast: boolean;
}

interface Deps {
  readonly topics: Topics;
  readonly names: Names;
  readonly service: ServiceView;
  readonly processes: Processes;
  readonly producer: Producer;
  readonly view: LiveView;
  readonly messages: number;
  readonly signal: AbortSignal;
}

/** Looks at everything at once, shows it, and waits for what is to come. */
export class Watch {
  readonly progress = new Progress();
  readonly #deps: Deps;
  readonly #start = performance.now();
  #asked: Asked = { lag: [], deadLetters: 0, service: undefined, isLast: false };
  #asking = false;
  #askedAt = -Infinity;
  #failure: Error | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get seconds(): number {
    return (performance.now() - this.#start) / 1_000;
  }

  get lag(): readonly number[] {
    return this.#asked.lag;
  }

  get totalLag(): number {
    return this.lag.reduce((total, lag) => total + lag, 0);
  }

  /** Every message has succeeded or is in the dead-letter topic, and the service has no lock any more. */
  get isResolved(): boolean {
    const { isLast, service } = this.#asked;
    return isLast && service?.isWhole === true && service.locked === 0;
  }

  /** Something that goes on meanwhile: if it fails, so does the present `until`. */
  meanwhile(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    });
  }

  /** False when the time is over. Throws when a process has ended by itself, or on Ctrl-C. */
  async until(phase: string, withinMs: number, done: () => boolean): Promise<boolean> {
    const { signal, processes } = this.#deps;
    const deadline = performance.now() + withinMs;
    for (;;) {
      this.#look(phase);
      if (done()) return true;
      if (performance.now() > deadline) return false;
      if (this.#failure) throw this.#failure;
      const ended = processes.ended();
      if (ended.length > 0) throw new Error(`ended by itself: ${ended.join(', ')}`);
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }

  get #hasAllEnds(): boolean {
    return this.progress.succeeded + this.#asked.deadLetters >= this.#deps.messages;
  }

  #look(phase: string): void {
    const { processes, producer, view, messages } = this.#deps;
    const { progress } = this;
    progress.add(processes.more());
    if (!this.#asking && performance.now() - this.#askedAt > ASK_EVERY_MS) void this.#ask();
    const { deadLetters, service } = this.#asked;
    view.show({
      ...{ seconds: this.seconds, phase, messages, produced: Math.min(messages, producer.sent.length) },
      ...{
        succeeded: progress.succeeded,
        retried: progress.retried,
        deadLetters,
        lag: this.totalLag,
        service,
      },
    });
  }

  async #ask(): Promise<void> {
    const { topics, names, service } = this.#deps;
    this.#asking = true;
    try {
      const isLast = this.#hasAllEnds;
      const [lag, ends, figures] = await Promise.all([
        topics.lag(),
        topics.ends(names.deadLetters),
        service.figures(),
      ]);
      const deadLetters = ends.reduce((total, end) => total + end, 0);
      this.#asked = { lag, deadLetters, service: figures, isLast };
    } catch {
      // Kafka is busy: what it said last stays, and if it never answers the deadline says what is missing.
    }
    this.#askedAt = performance.now();
    this.#asking = false;
  }
}

import { sleep, type GateClock } from './clock.ts';

/** One partition of a commit's answer, as `offset_commit_cb` has it. */
export interface CommittedPartition {
  topic: string;
  partition: number;
  offset: number;
  error?: unknown;
}

/**
 * Listens to what the brokers answer to commits. In this client nothing else tells: a commit's promise resolves before
 * the answer, and on errors.
 */
export class CommitReports {
  readonly #clock: GateClock;
  readonly #topic: string;
  readonly #partitions = new Map<number, PartitionReports>();

  constructor(clock: GateClock, topic: string) {
    this.#clock = clock;
    this.#topic = topic;
  }

  /** A commit of the partition went out. Answers come in the order of the commits. */
  sent(partition: number): void {
    this.#of(partition).sent += 1;
  }

  report(error: unknown, partitions: readonly CommittedPartition[]): void {
    for (const { topic, partition, error: own } of partitions) {
      if (topic !== this.#topic) continue;
      const reports = this.#of(partition);
      reports.answered += 1;
      const succeeded = !isCommitError(error) && !isCommitError(own);
      const [answered, waiting] = [[] as Waiter[], [] as Waiter[]];
      for (const one of reports.waiting) (one.answer <= reports.answered ? answered : waiting).push(one);
      reports.waiting = waiting;
      for (const { resolve } of answered) resolve(succeeded);
    }
  }

  /**
   * Resolves with whether the last commit that was sent succeeded (where `sent` is not called: the next one that is
   * answered); with false if nobody answers in time.
   */
  async next(partition: number, timeoutMs: number): Promise<boolean> {
    const reports = this.#of(partition);
    const answer = Math.max(reports.sent, reports.answered + 1);
    const over = new AbortController();
    const heard = new Promise<boolean>((resolve) => reports.waiting.push({ answer, resolve }));
    const late = sleep(this.#clock, timeoutMs, over.signal).then(() => {
      // Answers that got lost must not be waited for again.
      if (!over.signal.aborted) reports.answered = Math.max(reports.answered, answer);
      return false;
    });
    try {
      return await Promise.race([heard, late]);
    } finally {
      over.abort();
    }
  }

  #of(partition: number): PartitionReports {
    const reports = this.#partitions.get(partition) ?? { sent: 0, answered: 0, waiting: [] };
    this.#partitions.set(partition, reports);
    return reports;
  }
}

interface Waiter {
  answer: number;
  resolve: (succeeded: boolean) => void;
}

interface PartitionReports {
  sent: number;
  answered: number;
  waiting: Waiter[];
}

/** Success is reported as nothing, as null, or as an error object with code 0. */
export function isCommitError(error: unknown): boolean {
  if (error === undefined || error === null || error === 0) return false;
  return !(typeof error === 'object' && 'code' in error && error.code === 0);
}

import type { GateClock } from '../clock.ts';
import { CommitReports, isCommitError, type CommittedPartition } from '../commit-reports.ts';
import { codeOf, type OnEvent } from '../events.ts';
import type { OffsetTracker } from '../offset-tracker.ts';
import type { RdKafkaConsumerLike } from './types.ts';

export interface CommitsDeps {
  topic: string;
  clock: GateClock;
  emit: OnEvent;
  consumer: () => RdKafkaConsumerLike;
  trackers: ReadonlyMap<number, OffsetTracker>;
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Commits what is finished, and believes only what `offset_commit_cb` says about it. */
export class Commits {
  readonly #deps: CommitsDeps;
  readonly #reports: CommitReports;
  /** What was sent last, a partition; taken back when the commit fails. */
  readonly #sent = new Map<number, number>();

  constructor(deps: CommitsDeps) {
    this.#deps = deps;
    this.#reports = new CommitReports(deps.clock, deps.topic);
  }

  /** For `offset_commit_cb`. */
  answered(error: unknown, partitions: readonly CommittedPartition[]): void {
    this.#reports.report(error, partitions);
    const own = partitions.filter(({ topic }) => topic === this.#deps.topic);
    const failed = own.filter((one) => isCommitError(error) || isCommitError(one.error));
    if (failed.length === 0) return;
    for (const { partition } of failed) this.#sent.delete(partition);
    const code = codeOf(error ?? failed[0]?.error);
    this.#deps.emit({ type: 'commit-failed', partitions: failed.map(({ partition }) => partition), code });
  }

  /** Sends what has been finished since the last time; returns the partitions concerned. */
  send(partitions: Iterable<number> = this.#deps.trackers.keys()): number[] {
    const due = [...partitions].flatMap((partition) => {
      const tracker = this.#deps.trackers.get(partition);
      const offset = tracker?.committable;
      if (tracker === undefined || offset === undefined || !tracker.moved) return [];
      return this.#sent.get(partition) === offset ? [] : [{ topic: this.#deps.topic, partition, offset }];
    });
    if (due.length > 0 && this.#commit(due)) {
      for (const { partition, offset } of due) this.#sent.set(partition, offset);
    }
    return due.map(({ partition }) => partition);
  }

  /** The same, and waits for the brokers' answer. */
  async sendAndWait(partitions: readonly number[], timeoutMs: number): Promise<void> {
    const answers = this.send(partitions).map((partition) => this.#reports.next(partition, timeoutMs));
    await Promise.all(answers);
  }

  /** Commits the place that is committed anyway: only a member of the group's present generation can. */
  async prove(partition: number): Promise<boolean> {
    const { topic, trackers } = this.#deps;
    const offset =
      trackers.get(partition)?.committable ??
      (await this.#committed(partition)) ??
      (await this.#endIfEmpty(partition));
    if (offset === undefined) return false;
    if (!this.#commit([{ topic, partition, offset }])) return false;
    return this.#reports.next(partition, ANSWER_TIMEOUT_MS);
  }

  forget(partitions: readonly number[]): void {
    for (const partition of partitions) this.#sent.delete(partition);
  }

  #commit(offsets: { topic: string; partition: number; offset: number }[]): boolean {
    try {
      this.#deps.consumer().commit(offsets);
      for (const { partition } of offsets) this.#reports.sent(partition);
      return true;
    } catch (error) {
      const partitions = offsets.map(({ partition }) => partition);
      this.#deps.emit({ type: 'commit-failed', partitions, code: codeOf(error) });
      return false;
    }
  }

  /** Of a partition that holds nothing, the place where the group begins, whatever `auto.offset.reset` says. */
  #endIfEmpty(partition: number): Promise<number | undefined> {
    const consumer = this.#deps.consumer();
    return new Promise((resolve) => {
      if (consumer.queryWatermarkOffsets === undefined) {
        resolve(undefined);
        return;
      }
      consumer.queryWatermarkOffsets(this.#deps.topic, partition, ANSWER_TIMEOUT_MS, (error, range) => {
        const known = (error === undefined || error === null) && range !== undefined;
        resolve(known && range.lowOffset === range.highOffset ? range.highOffset : undefined);
      });
    });
  }

  #committed(partition: number): Promise<number | undefined> {
    const { topic } = this.#deps;
    return new Promise((resolve) => {
      this.#deps
        .consumer()
        .committed([{ topic, partition }], ANSWER_TIMEOUT_MS, (error, [committed] = []) => {
          const offset = committed?.offset;
          const known = error === undefined || error === null;
          resolve(known && typeof offset === 'number' && offset >= 0 ? offset : undefined);
        });
    });
  }
}

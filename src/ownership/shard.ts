import { UNKNOWN_TOPICS } from '../domain/topic-ids.ts';
import type { TopicIds } from '../domain/topic-ids.ts';
import type { KafkaRecord } from '../domain/record.ts';
import { Journal } from '../journal/journal.ts';
import type { Range } from '../kafka/offsets.ts';
import { accepted, OwnerBox } from '../penalty-box/owner-box.ts';
import type { Findings, Refusal } from '../penalty-box/owner-box.ts';
import type { LogEvent } from '../log-events/log-events.ts';
import { Trouble } from '../trouble.ts';
import { changed } from './remade-topics.ts';
import type { ShardDeps } from './shard-deps.ts';
import { takeOver } from './takeover.ts';
import { Tenure } from './tenure.ts';

const RETRY = 500;

type Ending = Refusal | 'remade';

const REFUSALS: Record<Ending, { readonly event: LogEvent; readonly message: string }> = {
  lost: { event: 'shard_lost', message: 'Redis does not hold the shard any more' },
  fenced: { event: 'shard_fenced', message: 'another replica took the shard over' },
  unsure: { event: 'shard_unsure', message: 'an answer of Redis got lost: the shard is taken over again' },
  remade: { event: 'shard_outdated', message: 'a topic was made anew: the shard is taken over again' },
};

/**
 * One retry partition that is assigned to this replica, and all state that belongs to it.
 *
 *   taking over → (rebuilding, where Redis lost the shard →) owned → stopped
 *
 * Whatever refuses it on the way (Redis away, flushed, another owner) brings it back to taking over, until the group
 * takes the partition away.
 */
export class Shard {
  readonly partition: number;
  readonly box: OwnerBox;
  readonly #deps: ShardDeps;
  readonly #abort = new AbortController();
  readonly #trouble: Trouble;
  #tenure: Tenure | null = null;
  #lastCursor: number | null = null;
  #restored = false;
  #rebuiltTo: number | null = null;
  #begunAt = 0;
  #checkpoint = -1;
  #range: Range = { first: 0, end: 0 };
  #topics = UNKNOWN_TOPICS;
  #running: Promise<void> | null = null;
  #refused: (() => void) | null = null;

  constructor(partition: number, deps: ShardDeps) {
    this.partition = partition;
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
    this.box = new OwnerBox(deps.scripts, partition);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** The shard answers: Redis holds all of it. */
  get restored(): boolean {
    return this.#restored;
  }

  /** Kafka has not heard of outcomes for long: a Redis that loses its data now would repeat them. */
  get journalLate(): boolean {
    return this.#tenure?.journal.late ?? false;
  }

  get full(): boolean {
    return this.#tenure?.ingest.full ?? false;
  }

  /** The end of the retry partition, as it was observed last. */
  get end(): number {
    return this.#range.end;
  }

  /** Records of the retry partition that are not in the box yet, as far as known; null: it was not taken over yet. */
  get lag(): number | null {
    const { lastCursor } = this;
    return lastCursor === null ? null : Math.max(0, this.#range.end - lastCursor);
  }

  take(records: readonly KafkaRecord[]): void {
    this.#tenure?.reading.records(records);
  }

  reachEnd(offset: number): void {
    this.#tenure?.reading.end(offset);
  }

  async drained(): Promise<void> {
    await this.#tenure?.ingest.drained();
  }

  wake(at: number): void {
    this.#tenure?.scheduler.wake(at);
  }

  /** The next retry-topic offset that the box has not seen. */
  get cursor(): number {
    return this.#tenure?.ingest.cursor ?? 0;
  }

  /** The same; while nothing is read, where that ended. null: it was not taken over yet. */
  get lastCursor(): number | null {
    return this.#tenure?.ingest.cursor ?? this.#lastCursor;
  }

  onRange(range: Range): void {
    this.#range = range;
  }

  /** The retry topic ends before what was read of it. */
  onCutOff(): void {
    this.onRefused('remade');
  }

  /** The topics are these now. */
  onTopics(topics: TopicIds): void {
    if (this.#tenure === null) return;
    const { retry, main } = changed(this.#topics, topics);
    if (retry || main) this.onRefused('remade');
  }

  async onFindings(findings: Findings, nextDue: number | null): Promise<void> {
    if (nextDue !== null) this.wake(nextDue);
    this.#deps.onFindings(findings);
    void this.#tenure?.carryForward.consider(findings, this.#range);
    if (findings.checkpoint === this.#checkpoint) return;
    try {
      await this.#deps.commit(findings.checkpoint);
      this.#checkpoint = findings.checkpoint;
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'checkpoint_delayed', err: error },
        'Kafka did not take the checkpoint',
      );
    }
  }

  onRefused(refusal: Ending): void {
    if (this.#refused === null) return;
    const { event, message } = REFUSALS[refusal];
    this.#deps.logger.warn({ event, partition: this.partition }, message);
    this.#refused();
  }

  /** Finishes what is in flight. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    this.#refused?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#abort.signal.aborted) {
      const begun = clock.monotonic();
      const refused = new Promise<void>((resolve) => (this.#refused = resolve));
      try {
        await this.#takeOver(begun);
        this.#trouble.over('takeover_goes_on', 'the shard was taken over');
        await refused;
      } catch (error) {
        this.#trouble.met(
          { event: 'takeover_delayed', partition: this.partition, err: error },
          'the shard could not be taken over; trying again',
        );
      }
      this.#refused = null;
      await this.#leave();
      await clock.sleep(RETRY, this.#abort.signal).catch(() => undefined);
    }
  }

  async #takeOver(begun: number): Promise<void> {
    const journal = this.#openJournal();
    const { topics, range, cursor, rebuiltTo, nextDue } = await takeOver(
      this.partition,
      this.box,
      journal,
      this.#deps,
    );
    this.#topics = topics;
    this.#range = range;
    this.#rebuiltTo = rebuiltTo;
    this.#tenure = this.#openTenure(cursor, journal);
    this.#begunAt = begun;
    if (rebuiltTo === null || cursor >= rebuiltTo) await this.#answer();
    await this.#tenure.reading.start();
    if (nextDue !== null) this.wake(nextDue);
  }

  /** The box is as Kafka says: stamp it if it was rebuilt, and begin to release. */
  async #answer(): Promise<void> {
    const { clock, logger, nonce, onRestored } = this.#deps;
    const rebuilt = this.#rebuiltTo !== null;
    if (rebuilt) {
      accepted(await this.box.stamp(nonce(), this.#topics), 'stamp');
      this.#rebuiltTo = null;
    }
    this.#restored = true;
    const seconds = (clock.monotonic() - this.#begunAt) / 1_000;
    onRestored(seconds, rebuilt);
    logger.info(
      { event: 'shard_owned', partition: this.partition, ownerEpoch: this.box.ownerEpoch, seconds },
      'owns the shard',
    );
    await this.#tenure?.journal.start();
    await this.#tenure?.scheduler.start();
  }

  #openJournal(): Journal {
    const { journalInterval: interval, logger } = this.#deps;
    const { partition } = this;
    return new Journal({
      ...this.#deps,
      box: this.box,
      partition,
      interval,
      logger: logger.child({ partition }),
      onRefused: (refusal) => {
        this.onRefused(refusal);
      },
    });
  }

  #openTenure(cursor: number, journal: Journal): Tenure {
    return new Tenure(this.partition, this.#deps, {
      ...{ box: this.box, journal, cursor },
      rebuilding: (offset) => this.#rebuiltTo !== null && offset < this.#rebuiltTo,
      onRefused: (refusal) => {
        this.onRefused(refusal);
      },
      onIngested: (nextDue) => {
        this.#ingested(nextDue);
      },
      wake: (at) => {
        this.wake(at);
      },
    });
  }

  #ingested(nextDue: number | null): void {
    if (
      !this.#restored &&
      this.#rebuiltTo !== null &&
      (this.#tenure?.ingest.cursor ?? 0) >= this.#rebuiltTo
    ) {
      this.#answer().catch((error: unknown) => {
        this.#deps.logger.warn(
          { event: 'takeover_delayed', partition: this.partition, err: error },
          'stamp failed',
        );
        this.onRefused('lost');
      });
    }
    if (nextDue !== null) this.wake(nextDue);
  }

  async #leave(): Promise<void> {
    this.#restored = false;
    const tenure = this.#tenure;
    if (tenure === null) return;
    this.#lastCursor = tenure.ingest.cursor;
    this.#tenure = null;
    await tenure.stop();
    if (this.#abort.signal.aborted) await this.#lastCheckpoint();
  }

  async #lastCheckpoint(): Promise<void> {
    try {
      const reply = await this.box.evidence(this.#deps.gated, {
        committed: -1,
        end: 0,
        passed: -1,
        first: -1,
        redeliveryEnd: -1,
      });
      if (reply.kind === 'ok') await this.onFindings(reply.value, null);
    } catch (error) {
      // The next owner reads from the Redis cursor; the checkpoint of a second ago serves as well.
      this.#deps.logger.debug(
        { event: 'checkpoint_delayed', partition: this.partition, err: error },
        'not committed',
      );
    }
  }
}

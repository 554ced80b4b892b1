import { CarryForward } from '../carry-forward/carry-forward.ts';
import type { CarryPolicy } from '../carry-forward/lagging.ts';
import type { Clock } from '../clock.ts';
import { UNKNOWN_TOPICS } from '../domain/topic-ids.ts';
import type { TopicIds } from '../domain/topic-ids.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { Range } from '../kafka/offsets.ts';
import { Ingest } from '../ingest/ingest.ts';
import { Journal } from '../journal/journal.ts';
import { Reading } from '../ingest/reading.ts';
import type { ArrivalPolicy } from '../ingest/read-arrival.ts';
import type { Logger } from '../logger.ts';
import type { Arrival, Job } from '../penalty-box/entry.ts';
import type { Findings, Ingested, OwnerReply, Refusal, ReleasePolicy } from '../penalty-box/owner-box.ts';
import { accepted, OwnerBox } from '../penalty-box/owner-box.ts';
import type { Remade, Takeover } from '../penalty-box/owner-box.ts';
import type { BoxScripts } from '../penalty-box/box-scripts.ts';
import type { ProbePermits } from '../protection/probe-permits.ts';
import type { ShardLimit } from '../protection/release-limit.ts';
import type { ContentSources } from '../redelivery/content.ts';
import { Redelivery } from '../redelivery/redelivery.ts';
import type { Destinations } from '../redelivery/outgoing-record.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { changed, rebuildFrom, remadeTopics } from './remade-topics.ts';
import { salvage } from './salvage.ts';
import { Trouble } from '../trouble.ts';
import type { Send } from '../kafka/send.ts';

/** What a shard needs of its route and of the process. Times on Redis' clock, epoch ms. */
export interface ShardDeps {
  readonly scripts: BoxScripts;
  readonly arrivalPolicy: ArrivalPolicy;
  readonly releasePolicy: ReleasePolicy;
  readonly destinations: Destinations;
  readonly gated: boolean;
  readonly hold: boolean;
  readonly undeliverableAttempts: number;
  readonly limit: ShardLimit;
  readonly permits: ProbePermits;
  readonly room: () => number;
  readonly send: Send;
  readonly retryTopic: string;
  /** Outcomes are in the retry topic this soon, ms. */
  readonly journalInterval: number;
  readonly carryForward: CarryPolicy;
  /** Offset of the first retry record that is younger than that (ms). */
  readonly firstYoungerThan: (age: number) => Promise<number>;
  /** Headers and values that Redis does not hold. */
  readonly content: ContentSources;
  readonly onLost: (job: Job) => void;
  /** Larger messages are left in the retry topic, bytes. */
  readonly inlineUpTo: () => number;
  /** Redis has no memory for more. */
  readonly onFull: () => void;
  /** Reads the retry partition from there on. */
  readonly read: (offset: number) => Promise<void>;
  readonly commit: (checkpoint: number) => Promise<void>;
  /** The service's own committed offset in the retry partition (-1 = none), and the partition's range. */
  readonly checkpoint: () => Promise<{ readonly committed: number; readonly range: Range }>;
  /** What the main and the retry topic are now: other ids than before, where they were deleted and made anew. */
  readonly topicIds: () => Promise<TopicIds>;
  readonly now: () => number;
  readonly past: () => number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nonce: () => string;
  readonly logger: Logger;
  readonly onIngested: (ingested: Ingested) => void;
  /** Records that were read for the first time. */
  readonly onArrived: (arrivals: readonly Arrival[]) => void;
  readonly onWritten: (job: Job, latenessMs: number) => void;
  /** Kafka refused to take it, for its own sake. */
  readonly onUnpublishable: (job: Job) => void;
  readonly onFindings: (findings: Findings) => void;
  /** `rebuilt`: from Kafka. */
  readonly onRestored: (seconds: number, rebuilt: boolean) => void;
}

const RETRY = 500;
/** How long a shard that goes away waits for Kafka; what is not acknowledged by then its next owner sends again. */
const LAST_ACKNOWLEDGEMENTS = 5_000;

type Ending = Refusal | 'remade';

const REFUSALS: Record<Ending, { readonly event: string; readonly message: string }> = {
  lost: { event: 'shard_lost', message: 'Redis does not hold the shard any more' },
  fenced: { event: 'shard_fenced', message: 'another replica took the shard over' },
  unsure: { event: 'shard_unsure', message: 'an answer of Redis got lost: the shard is taken over again' },
  remade: { event: 'shard_outdated', message: 'a topic was made anew: the shard is taken over again' },
};

/** What runs while this replica owns the shard and Redis holds it. */
interface Tenure {
  readonly reading: Reading;
  readonly ingest: Ingest;
  readonly scheduler: Scheduler;
  readonly redelivery: Redelivery;
  readonly journal: Journal;
  readonly carryForward: CarryForward;
}

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

  /** Records of the retry partition that are not in the box yet, as far as known. */
  get lag(): number {
    return Math.max(0, this.#range.end - (this.#tenure?.ingest.cursor ?? this.#range.first));
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
    const { checkpoint, logger } = this.#deps;
    this.#topics = await this.#deps.topicIds();
    const takeover = await this.box.takeOver(this.#topics);
    const { cursor, nextDue } = takeover;
    const journal = this.#openJournal();
    await journal.open();
    const { committed, range } = await checkpoint();
    this.#range = range;
    const remade = remadeTopics(takeover, this.#topics, range);
    const salvagedTo = remade && (await this.#salvage(remade, takeover));
    let from = cursor;
    if (from === null || remade !== null) {
      from = rebuildFrom(takeover, this.#topics, committed, range, remade);
      // So that a rebuild begun anew does not go back to what was written again under other origins.
      if (remade?.main === true) await this.#deps.commit(from);
      accepted(await this.box.reset(from), 'reset');
      this.#rebuiltTo = salvagedTo ?? range.end;
      logger.info(
        { event: 'shard_rebuilding', partition: this.partition, from, to: this.#rebuiltTo },
        'rebuilding from Kafka',
      );
    } else {
      this.#rebuiltTo = null;
    }
    this.#tenure = this.#open(from, journal);
    this.#begunAt = begun;
    if (this.#rebuiltTo === null || from >= this.#rebuiltTo) await this.#answer();
    await this.#tenure.reading.start();
    if (nextDue !== null) this.wake(nextDue);
  }

  /** Redis has the last copies: writes them to Kafka, and answers where they end there. */
  async #salvage(remade: Remade, { madeFrom }: Takeover): Promise<number> {
    const { box, partition } = this;
    const { logger, destinations, retryTopic, checkpoint } = this.#deps;
    const { route, home } = destinations;
    const topics = [...(remade.retry ? [retryTopic] : []), ...(remade.main ? [home.topic] : [])];
    logger.error(
      { event: 'topic_remade', partition, topics },
      `${topics.join(' and ')} was deleted and made anew, or has lost its end: what Redis still holds is written to ${retryTopic} again`,
    );
    accepted(await box.freeze(remade), 'freeze');
    const originTopic = remade.main ? `${home.topic}@${madeFrom.main || 'before'}` : home.topic;
    const found = await salvage({ ...this.#deps, box, route, home, originTopic });
    logger.warn(
      { event: 'shard_salvaged', partition, ...found },
      'what Redis held is in the retry topic; what was only announced is left to its consumers',
    );
    return (await checkpoint()).range.end;
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

  #open(cursor: number, journal: Journal): Tenure {
    const { box, partition } = this;
    const deps = this.#deps;
    const logger = deps.logger.child({ partition });
    const onRefused = (refusal: Refusal): void => {
      this.onRefused(refusal);
    };
    const redelivery = new Redelivery({
      ...deps,
      box,
      logger,
      onRefused,
      onNextDue: (at) => {
        this.wake(at);
      },
    });
    const scheduler = new Scheduler({
      ...deps,
      logger,
      onRefused,
      release: (limit): Promise<OwnerReply<Job[]>> =>
        box.release(limit, deps.releasePolicy, `${deps.nonce()}-`),
      send: (jobs) => {
        redelivery.send(jobs);
      },
    });
    const ingest = new Ingest(
      {
        ...deps,
        box,
        logger,
        policy: deps.arrivalPolicy,
        rebuilding: (offset) => this.#rebuiltTo !== null && offset < this.#rebuiltTo,
        onRefused,
        onIngested: (ingested, nextDue) => {
          deps.onIngested(ingested);
          this.#ingested(nextDue);
        },
      },
      cursor,
    );
    const reading = new Reading(
      {
        read: deps.read,
        take: (records) => {
          ingest.take(records);
        },
        reachEnd: (offset) => {
          ingest.reachEnd(offset);
        },
        onFailure: (error) => {
          logger.warn({ event: 'read_failed', err: error }, 'the retry partition could not be read');
          onRefused('unsure');
        },
        logger,
      },
      cursor,
    );
    const carryForward = new CarryForward({
      ...deps,
      ...{ box, journal, ingest, logger, onRefused },
      policy: deps.carryForward,
      to: { route: deps.destinations.route, retryTopic: deps.retryTopic, home: deps.destinations.home },
    });
    return { reading, ingest, scheduler, redelivery, journal, carryForward };
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
    this.#tenure = null;
    await tenure.scheduler.stop();
    await Promise.race([tenure.redelivery.stop(), this.#deps.clock.sleep(LAST_ACKNOWLEDGEMENTS)]);
    await tenure.ingest.stop();
    await Promise.race([tenure.carryForward.stop(), this.#deps.clock.sleep(LAST_ACKNOWLEDGEMENTS)]);
    await Promise.race([tenure.journal.stop(), this.#deps.clock.sleep(LAST_ACKNOWLEDGEMENTS)]);
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

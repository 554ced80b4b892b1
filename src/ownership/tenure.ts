import { CarryForward } from '../carry-forward/carry-forward.ts';
import { Ingest } from '../ingest/ingest.ts';
import { Reading } from '../ingest/reading.ts';
import type { Journal } from '../journal/journal.ts';
import type { Job } from '../penalty-box/entry.ts';
import type { OwnerBox, OwnerReply, Refusal } from '../penalty-box/owner-box.ts';
import { Redelivery } from '../redelivery/redelivery.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { ShardDeps } from './shard-deps.ts';

/** What a tenure needs of its shard besides. */
interface Held {
  readonly box: OwnerBox;
  readonly journal: Journal;
  /** The next retry-topic offset to read. */
  readonly cursor: number;
  /** Whether what lies there is read to rebuild the box. */
  readonly rebuilding: (offset: number) => boolean;
  readonly onRefused: (refusal: Refusal) => void;
  /** A batch is in the box; when something of it is due, epoch ms. */
  readonly onIngested: (nextDue: number | null) => void;
  /** Something is due at that time, epoch ms. */
  readonly wake: (at: number) => void;
}

/** How long a shard that goes away waits for Kafka; what is not acknowledged by then its next owner sends again. */
const LAST_ACKNOWLEDGEMENTS = 5_000;

/** What runs while this replica owns a shard and Redis holds it. */
export class Tenure {
  readonly reading: Reading;
  readonly ingest: Ingest;
  readonly scheduler: Scheduler;
  readonly journal: Journal;
  readonly carryForward: CarryForward;
  readonly #redelivery: Redelivery;
  readonly #clock: ShardDeps['clock'];

  constructor(partition: number, deps: ShardDeps, held: Held) {
    const { box, journal, cursor, onRefused } = held;
    const logger = deps.logger.child({ partition });
    this.#clock = deps.clock;
    this.journal = journal;
    this.#redelivery = new Redelivery({
      ...deps,
      box,
      logger,
      onRefused,
      onNextDue: held.wake,
    });
    this.scheduler = new Scheduler({
      ...deps,
      logger,
      onRefused,
      release: (limit): Promise<OwnerReply<Job[]>> =>
        box.release(limit, deps.releasePolicy, `${deps.nonce()}-`),
      send: (jobs) => {
        deps.onReleased(jobs);
        this.#redelivery.send(jobs);
      },
    });
    this.ingest = new Ingest(
      {
        ...deps,
        box,
        logger,
        policy: deps.arrivalPolicy,
        rebuilding: held.rebuilding,
        onRefused,
        onIngested: (ingested, nextDue) => {
          deps.onIngested(ingested);
          held.onIngested(nextDue);
        },
      },
      cursor,
    );
    this.reading = new Reading(
      {
        read: deps.read,
        take: (records) => {
          this.ingest.take(records);
        },
        reachEnd: (offset) => {
          this.ingest.reachEnd(offset);
        },
        onFailure: (error) => {
          logger.warn({ event: 'read_failed', err: error }, 'the retry partition could not be read');
          onRefused('unsure');
        },
        logger,
      },
      cursor,
    );
    this.carryForward = new CarryForward({
      ...deps,
      ...{ box, journal, ingest: this.ingest, logger, onRefused },
      policy: deps.carryForward,
      to: { route: deps.destinations.route, retryTopic: deps.retryTopic, home: deps.destinations.home },
    });
  }

  /** What was read is taken in, what was sent is awaited, and Kafka is told of it. */
  async stop(): Promise<void> {
    await this.scheduler.stop();
    await this.#awaited(this.#redelivery.stop());
    await this.ingest.stop();
    await this.#awaited(this.carryForward.stop());
    await this.#awaited(this.journal.stop());
  }

  async #awaited(end: Promise<void>): Promise<void> {
    await Promise.race([end, this.#clock.sleep(LAST_ACKNOWLEDGEMENTS)]);
  }
}

import RdKafka from '@confluentinc/kafka-javascript';
import type {
  Assignment,
  KafkaConsumer as RdKafkaConsumer,
  LibrdKafkaError,
  Message,
} from '@confluentinc/kafka-javascript';
import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Config } from '../config/config.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import { asError, calledBack } from './called-back.ts';
import { logLastWords } from './client-errors.ts';
import type { OnClientError } from './client-errors.ts';
import { memberOptions } from './client-options.ts';
import { readMessage } from './record-reader.ts';

/** Who is told what the group assigns and what is read. Called between two polls, never at the same time. */
export interface Listener {
  /** The partitions are assigned and paused: each is read from where `read()` says. */
  assigned(partitions: readonly number[]): void;
  /** The partitions go away when the promise resolves; `lost`: they are gone already. */
  revoked(partitions: readonly number[], lost: boolean): Promise<void>;
  records(partition: number, records: readonly KafkaRecord[]): void;
  /** Everything before this offset has been read; control records count. */
  end(partition: number, offset: number): void;
  /** Resolves when more records are welcome. */
  room(): Promise<void>;
}

interface Deps {
  readonly config: Pick<Config, 'kafka'>;
  readonly groupId: string;
  readonly topic: string;
  readonly listener: Listener;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears every error of the client. */
  readonly onClientError?: OnClientError;
}

/** What the client has and its types leave out. */
interface Untyped {
  incrementalAssign(partitions: readonly Assignment[]): void;
  incrementalUnassign(partitions: readonly Assignment[]): void;
  assignmentLost(): boolean;
  setDefaultIsTimeoutOnlyForFirstMessage(on: boolean): void;
  /** Calls back when the broker has answered, unlike `commit`. */
  commitCb(
    offsets: readonly { topic: string; partition: number; offset: number }[],
    done: (error: unknown) => void,
  ): void;
}
type KafkaConsumer = RdKafkaConsumer & Untyped;

const ASSIGN_PARTITIONS = -175;
const REVOKE_PARTITIONS = -174;
const BATCH = 1_000;
/** Without records the group is still polled this often: rebalances are answered in the poll. */
const IDLE_POLL = 50;
const SEEK_TIMEOUT = 2_000;

/**
 * Reads a retry topic as a member of the service's own group. Polling never waits for Redis: a partition whose records
 * can't be taken is paused, and the group hears from us all the same.
 *
 * It holds no thread while it waits: the client says when its queue is no longer empty.
 */
export class RetryConsumer implements Component {
  readonly #deps: Deps;
  readonly #consumer: KafkaConsumer;
  readonly #trouble: Trouble;
  readonly #between: (() => Promise<void>)[] = [];
  #wake: (() => void) | null = null;
  #queued = false;
  #running: Promise<void> | null = null;
  #stopping = false;
  #assigned = new Set<number>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
    this.#consumer = new RdKafka.KafkaConsumer({
      ...memberOptions(deps.config, deps.groupId),
      rebalance_cb: (error: LibrdKafkaError, assignment: Assignment[]) => {
        this.#rebalance(error, assignment);
      },
      queue_non_empty_cb: () => {
        this.#signal();
      },
    } as never) as KafkaConsumer;
    this.#consumer.setDefaultConsumeTimeout(0);
    this.#consumer.setDefaultIsTimeoutOnlyForFirstMessage(true);
    this.#consumer.on('partition.eof', (event: { partition: number; offset: number }) => {
      if (this.#assigned.has(event.partition)) this.#ends.set(event.partition, event.offset);
    });
    logLastWords(this.#consumer, deps.logger);
    this.#consumer.on('event.error', (error) => {
      deps.onClientError?.(error);
      deps.logger.warn(
        { event: 'kafka_consumer_error', code: error.code, error: error.message },
        'Kafka consumer',
      );
    });
  }

  readonly #ends = new Map<number, number>();

  async start(): Promise<void> {
    await calledBack((done) => this.#consumer.connect({}, done));
    this.#consumer.subscribe([this.#deps.topic]);
    this.#running = this.#poll();
  }

  async stop(): Promise<void> {
    if (this.#running === null) return;
    if (!this.#stopping) {
      this.#stopping = true;
      if (this.#assigned.size > 0) this.#consumer.unsubscribe();
      this.#signal();
    }
    await this.#running;
    await calledBack((done) => this.#consumer.disconnect(done)).catch(() => undefined);
  }

  /** Reads the partition from `offset` on; nothing that was fetched for an earlier position is handed out after. */
  read(partition: number, offset: number): Promise<void> {
    return this.#soon(async () => {
      if (!this.#assigned.has(partition)) return;
      const at = { topic: this.#deps.topic, partition };
      this.#ends.delete(partition);
      await calledBack((done) => this.#consumer.seek({ ...at, offset }, SEEK_TIMEOUT, done));
      this.#consumer.resume([at]);
    });
  }

  pause(partition: number): void {
    if (this.#assigned.has(partition)) this.#consumer.pause([{ topic: this.#deps.topic, partition }]);
  }

  resume(partition: number): void {
    if (this.#assigned.has(partition)) this.#consumer.resume([{ topic: this.#deps.topic, partition }]);
  }

  /** Commits where a start without Redis would have to read from. Resolves when the broker answered. */
  async commit(partition: number, offset: number): Promise<void> {
    await calledBack((done) => {
      this.#consumer.commitCb([{ topic: this.#deps.topic, partition, offset }], done);
    });
  }

  /** Runs something between two polls, when no record is on its way to the listener. */
  #soon(action: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#between.push(async () => {
        try {
          await action();
          resolve();
        } catch (error) {
          reject(asError(error));
        }
      });
      this.#signal();
    });
  }

  #signal(): void {
    this.#queued = true;
    this.#wake?.();
  }

  async #poll(): Promise<void> {
    while (!this.#stopping || this.#assigned.size > 0) {
      for (let next = this.#between.shift(); next; next = this.#between.shift()) await next();
      this.#queued = false;
      const messages = await this.#consume();
      this.#handOut(messages);
      if (messages.length > 0) await this.#deps.listener.room();
      else if (!this.#isQueued()) await this.#idle();
    }
    for (const action of this.#between) await action();
  }

  #isQueued(): boolean {
    return this.#queued;
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#wake = null;
        resolve();
      };
      const timer = this.#deps.clock.after(IDLE_POLL, done);
      this.#wake = done;
    });
  }

  async #consume(): Promise<readonly Message[]> {
    try {
      const messages = await calledBack<Message[]>((done) => {
        this.#consumer.consume(BATCH, done);
      });
      this.#trouble.over('poll_goes_on', 'the group is polled again');
      return messages ?? [];
    } catch (error) {
      this.#deps.onClientError?.(error);
      this.#trouble.met({ event: 'poll_failed', err: error }, 'the group could not be polled; polling again');
      await this.#deps.clock.sleep(IDLE_POLL);
      return [];
    }
  }

  #handOut(messages: readonly Message[]): void {
    const byPartition = new Map<number, KafkaRecord[]>();
    for (const message of messages) {
      const records = byPartition.get(message.partition);
      if (records) records.push(readMessage(message));
      else byPartition.set(message.partition, [readMessage(message)]);
    }
    for (const [partition, records] of byPartition) {
      if (this.#assigned.has(partition)) this.#deps.listener.records(partition, records);
    }
    for (const [partition, offset] of this.#ends) {
      if (this.#assigned.has(partition)) this.#deps.listener.end(partition, offset);
    }
    this.#ends.clear();
  }

  #rebalance(error: LibrdKafkaError, assignment: readonly Assignment[]): void {
    const partitions = assignment.map(({ partition }) => partition);
    if (error.code === ASSIGN_PARTITIONS) {
      this.#consumer.incrementalAssign([...assignment]);
      // Read from the Redis cursor, which is not known yet, not from the committed offset.
      this.#consumer.pause([...assignment]);
      for (const partition of partitions) this.#assigned.add(partition);
      this.#deps.listener.assigned(partitions);
    } else if (error.code === REVOKE_PARTITIONS) {
      const lost = this.#consumer.assignmentLost();
      void this.#deps.listener.revoked(partitions, lost).finally(() => {
        for (const partition of partitions) this.#assigned.delete(partition);
        try {
          this.#consumer.incrementalUnassign([...assignment]);
        } catch (failure) {
          this.#deps.logger.warn(
            { event: 'kafka_unassign_failed', err: failure },
            'could not give partitions back',
          );
        }
        this.#signal();
      });
    } else {
      this.#deps.logger.error(
        { event: 'kafka_rebalance_error', code: error.code, error: error.message },
        'rebalance failed',
      );
    }
  }
}

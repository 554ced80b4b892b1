import RdKafka from '@confluentinc/kafka-javascript';
import type { KafkaConsumer as RdKafkaConsumer, Message } from '@confluentinc/kafka-javascript';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { Logger } from '../logger.ts';
import { calledBack } from './called-back.ts';
import type { OnClientError } from './client-errors.ts';
import { consumerOptions } from './client-options.ts';
import { readMessage } from './record-reader.ts';

interface Deps {
  readonly config: Pick<Config, 'kafka'>;
  /** Kafka wants one; nobody joins the group. */
  readonly groupId: string;
  /** All that is there, also behind a transaction that is open. Default: what the topic's consumers would see. */
  readonly uncommitted?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears every error of the client. */
  readonly onClientError?: OnClientError;
}

/** What the client has and its types leave out. */
interface Untyped {
  setDefaultIsTimeoutOnlyForFirstMessage(on: boolean): void;
}

/** A place in a topic, and where to read from. */
export interface Start {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

interface End {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Records as they came, and how far partitions were read to their end: control records count. */
export interface Reading {
  readonly records: readonly KafkaRecord[];
  readonly ends: readonly End[];
}

const CONNECT_TIMEOUT = 10_000;
/** What comes is told by a callback; this is in case it is not. */
const IDLE = 100;

/**
 * Reads partitions that it is told to, beside all groups. It holds no thread while it waits, and little memory: the client
 * fetches 1 MiB ahead of what is read, or one record.
 */
export class AssignedConsumer {
  readonly #clock: Clock;
  readonly #consumer: RdKafkaConsumer & Untyped;
  #connecting: Promise<unknown> | null = null;
  #ends: End[] = [];
  #queued = false;
  #wake: (() => void) | null = null;
  #interrupted = false;
  #closed = false;

  constructor({ config, groupId, uncommitted = false, clock, logger, onClientError }: Deps) {
    this.#clock = clock;
    this.#consumer = new RdKafka.KafkaConsumer({
      ...consumerOptions(config, groupId),
      'queued.min.messages': 1_000,
      'queued.max.messages.kbytes': 1_024,
      'fetch.message.max.bytes': 1_048_576,
      ...(uncommitted ? { 'isolation.level': 'read_uncommitted' } : {}),
      queue_non_empty_cb: () => {
        this.#signal();
      },
    } as never) as RdKafkaConsumer & Untyped;
    this.#consumer.setDefaultConsumeTimeout(0);
    this.#consumer.setDefaultIsTimeoutOnlyForFirstMessage(true);
    this.#consumer.on('partition.eof', ({ topic, partition, offset }: End) => {
      this.#ends.push({ topic, partition, offset });
    });
    this.#consumer.on('event.error', (error) => {
      onClientError?.(error);
      logger.debug({ event: 'kafka_reader_error', code: error.code, error: error.message }, 'Kafka reader');
    });
  }

  /** Rejects where Kafka does not answer; asked again, it tries again. */
  async connect(): Promise<void> {
    this.#connecting ??= calledBack((done) => this.#consumer.connect({ timeout: CONNECT_TIMEOUT }, done));
    try {
      await this.#connecting;
    } catch (error) {
      this.#connecting = null;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#signal();
    const connected = await this.#connecting?.then(
      () => true,
      () => false,
    );
    if (connected === true) {
      await calledBack((done) => this.#consumer.disconnect(done)).catch(() => undefined);
    }
  }

  /** From now on these, and nothing that was fetched before. */
  assign(starts: readonly Start[]): void {
    this.#consumer.unassign();
    this.#ends = [];
    this.#consumer.assign(starts.map((start) => ({ ...start })));
  }

  /** What has come, `limit` records at most; waits up to `patience` ms for the first. */
  async read(limit: number, patience: number): Promise<Reading> {
    const deadline = this.#clock.monotonic() + patience;
    for (;;) {
      this.#queued = false;
      const messages = await this.#consume(limit);
      const ends = this.#ends.splice(0);
      const left = deadline - this.#clock.monotonic();
      if (messages.length > 0 || ends.length > 0 || left <= 0 || this.#closed || this.#interrupted) {
        this.#interrupted = false;
        return { records: messages.map(readMessage), ends };
      }
      if (!this.#isQueued()) await this.#idle(Math.min(IDLE, left));
    }
  }

  /** Waits without reading. */
  async waitForInterrupt(ms: number): Promise<void> {
    this.#interrupted = false;
    if (!this.#closed) await this.#idle(ms);
  }

  /** Ends what waits. */
  interrupt(): void {
    this.#interrupted = true;
    this.#signal();
  }

  #isQueued(): boolean {
    return this.#queued;
  }

  #signal(): void {
    this.#queued = true;
    this.#wake?.();
  }

  #idle(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#wake = null;
        resolve();
      };
      const timer = this.#clock.after(ms, done);
      this.#wake = done;
    });
  }

  async #consume(limit: number): Promise<readonly Message[]> {
    if (this.#closed) return [];
    const messages = await calledBack<Message[]>((done) => {
      this.#consumer.consume(limit, done);
    });
    return messages ?? [];
  }
}

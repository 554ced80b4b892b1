import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { briefly } from './briefly.ts';
import { whyClosed } from './closed-door.ts';
import type { ClusterView } from './cluster-view.ts';

interface Deps {
  readonly config: Pick<Config, 'kafka'>;
  /** Rejects where Kafka does not answer the client that does the work, which never says why. */
  readonly ping: () => Promise<void>;
  /** The other client, which does. */
  readonly open: () => Promise<Pick<ClusterView, 'cluster' | 'close'>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RETRY = 1_000;
/** What was found out a moment ago is not asked again, ms. */
const FRESH = 5_000;

/** Whether Kafka lets us in, and if not, why. The service begins nothing before it does. */
export class KafkaReach implements Component {
  readonly #deps: Deps;
  readonly #abort = new AbortController();
  #why = '';
  #told = '';
  #askedAt = -Infinity;
  #looking: Promise<boolean> | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Waits for it, for as long as it takes: a password may be mended, a certificate renewed. */
  async start(): Promise<void> {
    while (!(await this.#look())) await this.#deps.clock.sleep(RETRY, this.#abort.signal);
  }

  stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    return Promise.resolve();
  }

  /** Empty while Kafka answers. */
  get why(): string {
    return this.#why;
  }

  /** Looks now. Never rejects. While it is being asked in vain, the last answer stands: nobody waits for it once more. */
  async answers(): Promise<boolean> {
    return this.#looking !== null && this.#why !== '' ? false : this.#look();
  }

  #look(): Promise<boolean> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Tells the log when the answer is another one than before. */
  async #ask(): Promise<boolean> {
    const { logger, ping } = this.#deps;
    const answers = await ping().then(
      () => true,
      () => false,
    );
    if (answers) {
      if (this.#told !== '') logger.info({ event: 'kafka_reached' }, 'Kafka answers');
      this.#why = '';
      this.#told = '';
      return true;
    }
    await this.#askWhy();
    if (this.#told === this.#why || this.#abort.signal.aborted) return false;
    this.#told = this.#why;
    logger.error({ event: 'kafka_unreachable', why: this.#why }, `Kafka does not answer: ${this.#why}`);
    return false;
  }

  async #askWhy(): Promise<void> {
    const { clock, config, open } = this.#deps;
    if (this.#why !== '' && clock.monotonic() - this.#askedAt < FRESH) return;
    this.#askedAt = clock.monotonic();
    try {
      await briefly(await open(), (view) => view.cluster(), this.#abort.signal);
      this.#why = `nothing from ${config.kafka.brokers.join(', ')} in time`;
    } catch (error) {
      this.#why = whyClosed(error, config.kafka.librdkafka);
    }
  }
}

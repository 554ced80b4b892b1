import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { Recurring } from '../recurring.ts';
import { nameOf } from './needs.ts';
import type { Need } from './needs.ts';

interface Deps {
  readonly needs: readonly Need[];
  /** Those that are missing. Rejects where Kafka does not answer. */
  readonly read: (needs: readonly Need[]) => Promise<readonly Need[]>;
  /** Something is allowed that was not. */
  readonly onGranted: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL = 60_000;
const WHILE_MISSING = 2_000;

/**
 * Asks Kafka what it allows the service, at the start and once a minute. A route that lacks something is degraded and releases
 * nothing: a redelivery that is refused would count against its message.
 */
export class AccessWatch implements Component {
  readonly #deps: Deps;
  readonly #looks: Recurring;
  readonly #abort = new AbortController();
  #missing: readonly Need[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#looks = new Recurring({
      interval: WHILE_MISSING,
      clock: deps.clock,
      look: () => this.#look(),
    });
  }

  /**
   * Waits until something may be written: Kafka refuses a producer for good that may write nothing at all. What else is
   * missing concerns single routes.
   */
  async start(): Promise<void> {
    await this.#look();
    while (this.#mayWriteNothing) {
      await this.#deps.clock.sleep(WHILE_MISSING, this.#abort.signal);
      await this.#look();
    }
    await this.#looks.start();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    await this.#looks.stop();
  }

  /** Why nothing of the route is released, in one line; null: what every route needs. */
  problems(route: string | null): readonly string[] {
    const missing = this.#missing.filter((need) => need.route === route);
    if (missing.length === 0) return [];
    return [`Kafka does not allow ${missing.map(nameOf).join(', ')}; grant it: doctor --print-acls says how`];
  }

  async #look(): Promise<number> {
    const { needs, read, onGranted, logger } = this.#deps;
    try {
      const missing = (await read(needs)).filter(({ optional }) => optional !== true);
      const [before, now] = [this.#missing.map(nameOf), missing.map(nameOf)];
      this.#missing = missing;
      const refused = now.filter((name) => !before.includes(name));
      if (refused.length > 0) {
        logger.error(
          { event: 'kafka_access_missing', missing: now },
          `Kafka does not allow ${now.join(', ')}; doctor --print-acls says how to grant it`,
        );
      }
      if (before.some((name) => !now.includes(name))) onGranted();
      if (before.length > 0 && now.length === 0) {
        logger.info({ event: 'kafka_access_granted' }, 'Kafka allows all that the service needs');
      }
    } catch (err) {
      // Kafka is away, which others tell; what it said last stands.
      logger.debug({ event: 'kafka_access_unknown', err }, 'Kafka did not say what it allows');
    }
    return this.#missing.length > 0 ? WHILE_MISSING : INTERVAL;
  }

  get #mayWriteNothing(): boolean {
    const writes = this.#deps.needs.filter(({ operation }) => operation === 'Write');
    return writes.length > 0 && writes.every((need) => this.#missing.includes(need));
  }
}

import type { LogEvent } from './log-events/log-events.ts';
import type { Logger, LogFields } from './logger.ts';

/**
 * Tells of a trouble when it begins and when it is over, however often it is met in between: a Redis that is away for an
 * hour is two lines in the log, not a hundred thousand.
 */
export class Trouble {
  readonly #logger: Logger;
  #lasting = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  met(fields: LogFields, message: string): void {
    if (!this.#lasting) this.#logger.warn(fields, message);
    this.#lasting = true;
  }

  over(event: LogEvent, message: string): void {
    if (this.#lasting) this.#logger.info({ event }, message);
    this.#lasting = false;
  }
}

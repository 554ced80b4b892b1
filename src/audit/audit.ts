import type { FastifyRequest } from 'fastify';
import type { Logger } from '../logger.ts';

/** What somebody did through the API, or tried to. */
export interface Deed {
  /** The action's name: `park`, `pause`, `redrive`. */
  readonly action: string;
  readonly route: string;
  /** What it was done to, as JSON: `{key, partition}`. */
  readonly target: Readonly<Record<string, unknown>>;
  /** Why, in the words of whoever did it. */
  readonly reason: string;
  /** What came of it, as JSON: `{outcome, entries}`. Never a payload. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** Records what operators do. */
export class Audit {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  record(_request: FastifyRequest, { action, route, target, reason, result }: Deed): void {
    const { partition } = target;
    const where = typeof partition === 'number' ? { partition } : {};
    this.#logger.info({ event: 'audit', route, action, ...where, reason, ...result }, 'an operator acted');
  }
}

import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { Recurring } from '../recurring.ts';
import { Trouble } from '../trouble.ts';
import type { CertificateSeen } from './read-certificates.ts';

interface Deps {
  /** Ends early when it is aborted: a server that says nothing is not to be waited for. */
  readonly read: (signal: AbortSignal) => Promise<readonly CertificateSeen[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** ms. They are renewed days before they expire. */
const INTERVAL = 3_600_000;
/** Until something that could not be read is tried again. */
const RETRY = 15_000;

/** Looks at the certificates at the start and once an hour. What can't be read keeps the date that was read last. */
export class CertificateWatch implements Component {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  readonly #looks: Recurring;
  #expires: ReadonlyMap<string, number> = new Map();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
    this.#looks = new Recurring({
      ...{ interval: INTERVAL, atOnce: true, clock: deps.clock },
      look: async (signal) => ((await this.#look(signal)) ? INTERVAL : RETRY),
    });
  }

  /** Does not wait for the first look. */
  start(): Promise<void> {
    return this.#looks.start();
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** Seconds until each expires, negative if it has; by whose it is. */
  get secondsLeft(): ReadonlyMap<string, number> {
    const now = this.#deps.clock.now();
    return new Map([...this.#expires].map(([subject, expires]) => [subject, (expires - now) / 1_000]));
  }

  /** Whether everything could be read. */
  async #look(signal: AbortSignal): Promise<boolean> {
    try {
      const seen = await this.#deps.read(signal);
      const before = this.#expires;
      this.#expires = new Map(
        seen.flatMap(({ subject, expires }): [string, number][] => {
          const at = expires.kind === 'read' ? expires.value : before.get(subject);
          return at === undefined ? [] : [[subject, at]];
        }),
      );
      this.#trouble.over('certificates_known', 'the certificates could be read again');
      return seen.every(({ expires }) => expires.kind === 'read');
    } catch (err) {
      if (signal.aborted) return false;
      this.#trouble.met(
        { event: 'certificates_unknown', err },
        'the certificates could not be read: when they expire is what was read last; doctor says more',
      );
      return false;
    }
  }
}

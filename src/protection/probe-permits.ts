import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import { isProbing } from './breaker.ts';
import type { OpenBreaker } from './breaker.ts';
import type { ProbeGrants } from './probe-grants.ts';

interface Deps {
  readonly shard: number;
  readonly breaker: () => OpenBreaker | null;
  readonly grants: Pick<ProbeGrants, 'ask'>;
  /** Of all shards together. */
  readonly probes: number;
  readonly logger: Logger;
}

/** How soon a shard asks again, ms. */
const AGAIN = 250;

/** Whether a shard may release, while the breaker is open. */
export class ProbePermits {
  readonly again = AGAIN;
  readonly #deps: Deps;
  readonly #trouble: Trouble;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
  }

  /** The breaker is open: nothing may be released without asking. */
  get needed(): boolean {
    return isProbing(this.#deps.breaker());
  }

  /** How many may be released: one at a time, so that they are of different keys and every shard has its turn. */
  async ask(): Promise<number> {
    return this.#ask(1);
  }

  /** There was nothing to release: others may. */
  async giveBack(): Promise<void> {
    await this.#ask(0);
  }

  async #ask(more: number): Promise<number> {
    const { breaker, grants, shard, probes } = this.#deps;
    const open = breaker();
    if (open === null) return 0;
    try {
      const granted = await grants.ask({ since: open.since, shard, more, probes });
      this.#trouble.over('probes_go_on', 'Redis says again which probes may be sent');
      return granted;
    } catch (err) {
      this.#trouble.met({ event: 'probes_wait', err }, 'Redis did not say which probes may be sent');
      return 0;
    }
  }
}

import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import { UnsupportedAccess } from './admin-access.ts';
import { briefly } from './briefly.ts';
import { whyOf } from './cluster-view.ts';
import type { ClusterView } from './cluster-view.ts';

interface Deps {
  /** null: any cluster will do. */
  readonly expected: string | null;
  readonly open: () => Promise<Pick<ClusterView, 'cluster' | 'close'>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RETRY = 1_000;

/** Keeps the service away from a cluster that it was not configured for: it joins no group before this has started. */
export class ClusterGuard implements Component {
  readonly #deps: Deps;
  readonly #abort = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Waits until the cluster has said who it is. @throws where it is another one, or can not be asked. */
  async start(): Promise<void> {
    const { expected } = this.#deps;
    if (expected === null) return;
    const found = await this.#found();
    if (found === expected) return;
    throw new Error(
      `this is the Kafka cluster ${found}, and kafka.clusterId says ${expected}: mend kafka.brokers (or KAFKA_BROKERS), or kafka.clusterId`,
    );
  }

  stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    return Promise.resolve();
  }

  async #found(): Promise<string> {
    const { clock, logger } = this.#deps;
    const trouble = new Trouble(logger);
    for (;;) {
      try {
        const id = await this.#ask();
        trouble.over('cluster_known', 'Kafka has said which cluster it is');
        return id;
      } catch (error) {
        if (error instanceof UnsupportedAccess || isMissingFile(error)) {
          throw new Error(`kafka.clusterId can not be checked: ${error.message}; leave it out`, {
            cause: error,
          });
        }
        trouble.met(
          { event: 'cluster_unknown', why: whyOf(error) },
          'Kafka does not say which cluster it is, so nothing is begun; asking again',
        );
      }
      await clock.sleep(RETRY, this.#abort.signal);
    }
  }

  async #ask(): Promise<string> {
    const { id } = await briefly(await this.#deps.open(), (view) => view.cluster(), this.#abort.signal);
    return id;
  }
}

function isMissingFile(error: unknown): error is Error {
  return (error as { code?: unknown }).code === 'ENOENT';
}

import type { FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { type Deed, type RecordedDeed, small } from './deed.ts';
import type { Trail, TrailPage, TrailQuery } from './trail.ts';

interface Deps {
  readonly trail: Trail;
  /** Writes to the topic of the audit; null where there is none. */
  readonly publish: ((deed: RecordedDeed) => Promise<void>) | null;
  /** Names of the routes: no other is taken for a label. */
  readonly routes: ReadonlySet<string>;
  readonly onLost: (route: string, target: 'redis' | 'kafka') => void;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The keys of messages may stand in the log. */
  readonly logKeys: boolean;
}

/** Who did what no operator did. */
const OURSELVES = 'retry-orchestrator';

/**
 * Records what operators do: in the log, in Redis, and in a topic if there is one. It never fails an action, and none waits
 * for it: what could not be kept in Redis or Kafka is counted, and stands in the log all the same.
 */
export class Audit implements Component {
  readonly #deps: Deps;
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Waits for what is being kept. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  record(request: FastifyRequest, deed: Deed): void {
    this.#record(deed, {
      who: request.principal?.name ?? 'anonymous',
      address: request.ip,
      requestId: request.id,
    });
  }

  #record(deed: Deed, by: Pick<RecordedDeed, 'who' | 'address' | 'requestId'>): void {
    const recorded: RecordedDeed = {
      at: this.#deps.clock.now(),
      ...by,
      ...deed,
      target: small(deed.target),
      result: small(deed.result),
    };
    this.#log(recorded);
    this.#keep(recorded.route, 'redis', this.#deps.trail.append(recorded));
    if (this.#deps.publish !== null) this.#keep(recorded.route, 'kafka', this.#deps.publish(recorded));
  }

  /** What the service does by itself, and an operator would have to. */
  recordOwn(deed: Deed): void {
    this.#record(deed, { who: OURSELVES, address: '', requestId: '' });
  }

  /** Somebody tried to act who may not. */
  refused(request: FastifyRequest): void {
    const { route } = request.params as { route?: unknown };
    this.record(request, {
      action: `${request.method} ${request.routeOptions.url ?? ''}`,
      route: typeof route === 'string' && this.#deps.routes.has(route) ? route : '',
      target: {},
      reason: '',
      result: { refused: 'FORBIDDEN' },
    });
  }

  /** The newest first. @throws UNAVAILABLE */
  read(query: TrailQuery): Promise<TrailPage> {
    return this.#deps.trail.read(query);
  }

  #log({ target, ...deed }: RecordedDeed): void {
    const shown = this.#deps.logKeys ? { target } : withoutKeys(target);
    this.#deps.logger.info(
      { event: 'audit', ...deed, ...shown },
      deed.who === OURSELVES ? 'the service acted by itself' : 'an operator acted',
    );
  }

  #keep(route: string, where: 'redis' | 'kafka', kept: Promise<void>): void {
    const done = kept
      .catch((err: unknown) => {
        this.#deps.onLost(route, where);
        this.#deps.logger.warn(
          { event: 'audit_not_kept', route, where, err },
          'a deed of an operator stands in the log alone',
        );
      })
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }
}

/** Where something is, and never what its key is: a filter may hold the beginning of one. */
const PLACES = ['partition', 'origin', 'retryOffset', 'offset', 'id'];

function withoutKeys(target: Deed['target']): Record<string, never> {
  return Object.fromEntries(Object.entries(target).filter(([name]) => PLACES.includes(name))) as Record<
    string,
    never
  >;
}

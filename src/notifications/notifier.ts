import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import { Digest } from './digest.ts';
import type { GivenUp } from './digest.ts';
import { notification } from './notification.ts';
import type { Wording } from './notification.ts';

interface Deps {
  readonly wording: Wording;
  /** ms between two notifications of a route. */
  readonly interval: number;
  /** 0: it is our turn; else ms to wait. Rejects where nobody knows. */
  readonly turn: (route: string) => Promise<number>;
  /** Rejects, saying why without the address, where it is not taken. */
  readonly post: (body: unknown, signal: AbortSignal) => Promise<void>;
  readonly onEnd: (route: string, end: 'sent' | 'failed') => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What fails together is told together. */
const GATHER = 1_000;
const ATTEMPTS = 5;
const FIRST_RETRY = 1_000;

/**
 * Tells a webhook of messages that failed for good: the first at once, then at most once an interval for each route. What
 * could not be sent goes with the next one. What a process has not told when it ends is not told.
 */
export class Notifier implements Component {
  readonly #deps: Deps;
  readonly #abort = new AbortController();
  readonly #trouble: Trouble;
  readonly #pending = new Map<string, Digest>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #lastOwn = new Map<string, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    await Promise.all(this.#running.values());
  }

  /** Never throws, and never makes anybody wait. */
  gaveUp(route: string, message: GivenUp): void {
    if (this.#abort.signal.aborted) return;
    let digest = this.#pending.get(route);
    if (digest === undefined) {
      digest = new Digest();
      this.#pending.set(route, digest);
    }
    digest.add(message);
    if (this.#running.has(route)) return;
    // Only a stop ends it before everything is told.
    this.#running.set(
      route,
      this.#run(route).catch(() => undefined),
    );
  }

  async #run(route: string): Promise<void> {
    const { signal } = this.#abort;
    const { clock } = this.#deps;
    await clock.sleep(GATHER, signal);
    while (this.#pending.has(route)) {
      const wait = await this.#turn(route);
      signal.throwIfAborted();
      if (wait > 0) {
        await clock.sleep(wait, signal);
        continue;
      }
      this.#lastOwn.set(route, clock.monotonic());
      const digest = this.#pending.get(route);
      this.#pending.delete(route);
      if (digest !== undefined) await this.#tell(route, digest);
    }
    this.#running.delete(route);
  }

  /** Where Redis does not say whose turn it is, each replica keeps the interval by itself. */
  async #turn(route: string): Promise<number> {
    const { turn, interval, clock } = this.#deps;
    try {
      return await turn(route);
    } catch {
      const last = this.#lastOwn.get(route) ?? -Infinity;
      return Math.max(0, last + interval - clock.monotonic());
    }
  }

  async #tell(route: string, digest: Digest): Promise<void> {
    const { post, wording, onEnd, clock } = this.#deps;
    const { signal } = this.#abort;
    for (let attempt = 1; ; attempt++) {
      try {
        await post(notification(route, digest, wording), signal);
        onEnd(route, 'sent');
        this.#trouble.over('notifications_go_on', 'the webhook takes notifications again');
        return;
      } catch (error) {
        signal.throwIfAborted();
        this.#trouble.met(
          { event: 'notification_failed', route, why: (error as Error).message },
          'the webhook of notify.url did not take a notification; it is told again',
        );
      }
      if (attempt === ATTEMPTS) break;
      await clock.sleep(FIRST_RETRY * 2 ** (attempt - 1), signal);
    }
    onEnd(route, 'failed');
    const later = this.#pending.get(route);
    if (later !== undefined) digest.append(later);
    this.#pending.set(route, digest);
  }
}

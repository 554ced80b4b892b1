import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import type { Job } from '../penalty-box/entry.ts';
import { refusalOf } from '../penalty-box/owner-box.ts';
import type { OwnerReply, Refusal } from '../penalty-box/owner-box.ts';
import type { ProbePermits } from '../protection/probe-permits.ts';
import type { ShardLimit } from '../protection/release-limit.ts';

interface Deps {
  readonly clock: Clock;
  /** Surely past on Redis' clock, epoch ms. */
  readonly past: () => number;
  readonly limit: ShardLimit;
  readonly permits: Pick<ProbePermits, 'needed' | 'ask' | 'giveBack' | 'again'>;
  /** How many more jobs may be on their way. */
  readonly room: () => number;
  readonly release: (limit: number) => Promise<OwnerReply<Job[]>>;
  readonly send: (jobs: readonly Job[]) => void;
  readonly onRefused: (refusal: Refusal) => void;
  readonly logger: Logger;
}

const BATCH = 500;
/** A wake-up can get lost between replicas (publish/subscribe promises nothing): nothing waits longer than this for it. */
const LONGEST_SLEEP = 1_000;

/** Wakes when the earliest head of its shard is due, takes what is due from the box, and hands it to redelivery. */
export class Scheduler implements Component {
  readonly #deps: Deps;
  #timer: Timer | null = null;
  #wakeAt = Infinity;
  #work: Promise<void> | null = null;
  #again = false;
  #stopped = true;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    this.#stopped = false;
    this.wake(0);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#work;
  }

  /** Something is due at `at` (epoch ms on Redis' clock; 0 = look now). */
  wake(at: number): void {
    if (this.#stopped) return;
    if (this.#work) {
      this.#again = true;
      return;
    }
    if (at >= this.#wakeAt) return;
    this.#sleepUntil(at);
  }

  #sleepUntil(at: number): void {
    this.#timer?.cancel();
    this.#wakeAt = at;
    const ms = Math.max(0, at - this.#deps.past());
    if (ms === 0) {
      this.#begin();
      return;
    }
    this.#timer = this.#deps.clock.after(Math.min(ms, LONGEST_SLEEP), () => {
      this.#begin();
    });
  }

  #begin(): void {
    this.#wakeAt = Infinity;
    this.#timer?.cancel();
    this.#work ??= this.#run().then((next) => {
      this.#work = null;
      if (!this.#stopped) this.#sleepUntil(this.#again ? 0 : next);
    });
  }

  /** Releases until nothing is due or there is no room; answers when to look again. */
  async #run(): Promise<number> {
    const { limit, permits, room, release, send, onRefused, past, logger } = this.#deps;
    for (;;) {
      this.#again = false;
      if (this.#stopped) return Infinity;
      let allowed = Math.min(BATCH, limit.available(), room());
      if (allowed < 1) return past() + (limit.available() < 1 ? limit.wait() : 2);
      const probing = permits.needed;
      if (probing) allowed = Math.min(allowed, await permits.ask());
      if (allowed < 1) return past() + permits.again;
      let reply;
      try {
        reply = await release(allowed);
      } catch (error) {
        // What it released, if the answer got lost, is in nobody's hands: a takeover releases it again.
        logger.warn({ event: 'release_unsure', err: error }, 'Redis did not answer a release');
        this.#stopped = true;
        onRefused('unsure');
        return Infinity;
      }
      if (reply.kind !== 'ok') {
        this.#stopped = true;
        onRefused(refusalOf(reply));
        return Infinity;
      }
      limit.take(reply.value.length);
      send(reply.value);
      if (probing) {
        if (reply.value.length === 0) await permits.giveBack();
        return past() + permits.again;
      }
      if (reply.nextDue === null) return past() + LONGEST_SLEEP;
      if (reply.nextDue > past()) return reply.nextDue;
      if (reply.value.length === 0) return past() + 1;
    }
  }
}

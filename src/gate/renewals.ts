import type { GateClock } from './clock.ts';
import type { OnEvent } from './events.ts';
import type { PartitionSession } from './partition-session.ts';
import type { RenewalItem, RetryService } from './service.ts';

export interface RenewalsDeps {
  service: RetryService;
  clock: GateClock;
  emit: OnEvent;
  sessions: () => Iterable<PartitionSession>;
  everyMs: number;
}

interface Turn {
  session: PartitionSession;
  item: RenewalItem;
  release: () => void;
}

/** A partition that was in a call at this many ticks in a row gets a renewal of its own, between its calls. */
const STARVED_TICKS = 3;
const MAX_CLAIMS = 1000;

/**
 * Renews all claims in one call a second. Shows the service who is alive, and brings what was locked and unlocked
 * otherwise than by this consumer. Partitions that are in a call are left out: an answer that overtakes another one's
 * effect would take a key off the list that was locked meanwhile.
 */
export class Renewals {
  readonly #deps: RenewalsDeps;
  readonly #missed = new WeakMap<PartitionSession, number>();
  readonly #stopped = new AbortController();
  #cancel: (() => void) | undefined;
  #underWay = false;

  constructor(deps: RenewalsDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#cancel !== undefined || this.#stopped.signal.aborted) return;
    this.#schedule();
  }

  stop(): void {
    this.#stopped.abort();
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel = this.#deps.clock.after(
      this.#deps.everyMs,
      () => {
        if (!this.#underWay) void this.#tick();
        this.#schedule();
      },
      { background: true },
    );
  }

  async #tick(): Promise<void> {
    this.#underWay = true;
    const turns: Turn[] = [];
    for (const session of this.#deps.sessions()) {
      const turn = session.tryRenew();
      if (turn !== undefined) turns.push({ session, ...turn });
      this.#count(session, turn === undefined);
      if (turns.length === MAX_CLAIMS) break;
    }
    await this.#renew(turns);
    this.#underWay = false;
  }

  #count(session: PartitionSession, missed: boolean): void {
    const ticks = missed ? (this.#missed.get(session) ?? 0) + 1 : 0;
    this.#missed.set(session, ticks);
    if (ticks === STARVED_TICKS) void this.#renewBetweenCalls(session);
  }

  async #renewBetweenCalls(session: PartitionSession): Promise<void> {
    const turn = await session.renewNext();
    if (turn !== undefined) await this.#renew([{ session, ...turn }]);
    this.#missed.set(session, 0);
  }

  async #renew(turns: readonly Turn[]): Promise<void> {
    if (turns.length === 0) return;
    const answer = await this.#deps.service.renew(
      turns.map((turn) => turn.item),
      this.#stopped.signal,
    );
    if (answer.kind !== 'ok') {
      const reason = answer.kind === 'refused' ? answer.code : answer.reason;
      if (!this.#stopped.signal.aborted) this.#deps.emit({ type: 'renewal-failed', reason });
    } else {
      for (const one of answer.body) {
        turns.find(({ session }) => session.partition === one.partition)?.session.renewed(one);
      }
    }
    for (const { release } of turns) release();
  }
}

import type { Backoff } from './backoff.ts';
import type { ClaimState } from './claim-state.ts';
import { sleep, type GateClock } from './clock.ts';
import type { OnEvent } from './events.ts';
import type { GoingAlone } from './going-alone.ts';
import type { RetryService } from './service.ts';

/** What is known about the consumer group's view of this member. */
export interface Ownership {
  /** The group's generation, where the client can know it. */
  generation(partition: number): number | undefined;
  /** Resolves with true once the group has answered this member, as the partition's owner, after this call began. */
  confirm(partition: number, signal: AbortSignal): Promise<boolean>;
}

export interface ClaimerDeps {
  state: ClaimState;
  service: RetryService;
  ownership: Ownership;
  clock: GateClock;
  backoff: Backoff;
  emit: OnEvent;
  signal: AbortSignal;
  alone: GoingAlone;
}

/**
 * Obtains claims, one after another, for as long as the partition is ours.
 *
 * The first claim of an assignment rests on the assignment. Every other one is made only after the group has counted
 * this member as the owner again: a consumer that lost its partition without knowing must not take the claim back.
 */
export class Claimer {
  readonly #deps: ClaimerDeps;
  #asked = false;
  /** Claims in a row that ended before they were of any use: these must not go round in a tight circle. */
  #useless = 0;

  constructor(deps: ClaimerDeps) {
    this.#deps = deps;
  }

  /** True: the state holds a claim. False: the partition was given up. */
  async obtain(): Promise<boolean> {
    const { state, signal, backoff, clock } = this.#deps;
    if (this.#useless > 1) await sleep(clock, backoff.next(), signal);
    while (!signal.aborted) {
      if (state.held) return true;
      await this.#attempt();
    }
    return false;
  }

  /** Under the present claim an answer was had. */
  useful(): void {
    this.#useless = 0;
    this.#deps.backoff.reset();
  }

  async #attempt(): Promise<void> {
    const { state, emit } = this.#deps;
    const { partition } = state;
    if (!this.#asked || (await this.#confirmed())) {
      await this.#claim();
      return;
    }
    state.end('fenced');
    await this.#wait((retryInMs) => {
      emit({ type: 'ownership-unproven', partition, retryInMs });
    });
  }

  async #claim(): Promise<void> {
    const { state, service, ownership, emit, signal, alone } = this.#deps;
    if (signal.aborted) return;
    const { partition } = state;
    this.#asked = true;
    const generation = ownership.generation(partition);
    const outstanding = state.outstanding.list();
    alone.claiming();
    const request = { ...(generation === undefined ? {} : { generation }), outstanding };
    const answer = await service.claim(partition, request, signal);
    if (answer.kind === 'ok') {
      // Its list may lack what was decided here since it was sent, and no call is made under it: the next one follows.
      if (!alone.claimed()) return;
      const wasAlone = state.alone;
      // Where the partition was given up meanwhile, this does nothing.
      state.adopt(answer.body);
      this.#useless += 1;
      if (wasAlone) alone.over();
      alone.answered();
      return;
    }
    const code = answer.kind === 'refused' ? answer.code : answer.reason;
    if (code === 'FENCED') state.end('fenced');
    alone.notClaimed();
    await this.#wait(
      (retryInMs) => {
        emit({ type: 'claim-refused', partition, code, retryInMs });
      },
      answer.kind === 'refused' ? answer.retryAfterMs : 0,
    );
  }

  async #confirmed(): Promise<boolean> {
    try {
      return await this.#deps.ownership.confirm(this.#deps.state.partition, this.#deps.signal);
    } catch {
      return false;
    }
  }

  async #wait(tell: (retryInMs: number) => void, atLeastMs = 0): Promise<void> {
    if (this.#deps.signal.aborted) return;
    const retryInMs = this.#deps.backoff.next(atLeastMs);
    tell(retryInMs);
    await sleep(this.#deps.clock, retryInMs, this.#deps.signal);
  }
}

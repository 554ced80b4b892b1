import type { OutcomeItem, Result } from './contract.ts';
import type { Answer } from './http.ts';

/** What became of sending them: all are told, or the claim has ended, or the same has to be tried again. */
export type Telling = 'told' | 'wait' | 'fenced' | { againInMs: number };

const MAX_ITEMS = 100;

/**
 * Outcomes of redelivered records whose handler had run when the service was gone. Their records are committed; they are
 * told under the next claim, before anything is asked under it. A success is a fact whatever the token. A failure counts
 * if its delivery is still the current one; else the message comes once more, and that attempt was free.
 *
 * Bounded by itself: while alone, and until these are told, no redelivered record is admitted. So there are never more of
 * them than records were in a handler, or on their way from one to the service, when it fell silent.
 */
export class KeptOutcomes {
  #items: OutcomeItem[] = [];
  /** After a refusal that one of them may have caused: one at a time. */
  #single = false;

  add(item: OutcomeItem): void {
    this.#items.push(item);
  }

  get size(): number {
    return this.#items.length;
  }

  /** Sends them, as many at a time as fit, until they are told or that has to wait. */
  async tell(post: (items: readonly OutcomeItem[]) => Promise<Answer<Result[]>>): Promise<Telling> {
    while (this.#items.length > 0) {
      const batch = this.#items.slice(0, this.#single ? 1 : MAX_ITEMS);
      const answer = await post(batch);
      if (answer.kind === 'none') return { againInMs: 0 };
      if (answer.kind === 'refused') {
        if (answer.code === 'FENCED') return 'fenced';
        if (['NOT_READY', 'LIMITED'].includes(answer.code)) return { againInMs: answer.retryAfterMs };
        // Refused for what it is, by itself too: nobody will ever hear it, and the message is delivered again.
        if (batch.length > 1) this.#single = true;
        else this.#items.shift();
        continue;
      }
      if (answer.body.some(({ result }) => result === 'wait')) return 'wait';
      this.#items.splice(0, batch.length);
    }
    this.#single = false;
    return 'told';
  }

  /** Takes them out: the partition is given up. */
  drain(): OutcomeItem[] {
    return this.#items.splice(0);
  }
}

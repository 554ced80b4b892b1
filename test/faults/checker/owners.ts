import type { HistoryLine } from '../history.ts';
import { upTo } from './sorted.ts';

interface Turn {
  readonly at: number;
  readonly consumer: string;
  readonly assigned: boolean;
}

/** Which consumer was told when that a main partition is its own, or is no more. */
export class Owners {
  /** All that was told of a partition, and what one consumer was told of it; by time. */
  readonly #turns = new Map<string, Turn[]>();
  readonly #own = new Map<string, Turn[]>();

  constructor(history: readonly HistoryLine[]) {
    for (const line of history) {
      if (line.type !== 'assigned' && line.type !== 'revoked') continue;
      const turn = { at: line.at, consumer: line.consumer, assigned: line.type === 'assigned' };
      for (const partition of line.partitions) {
        const place = `${line.route}/${partition}`;
        append(this.#turns, place, turn);
        append(this.#own, `${place}/${line.consumer}`, turn);
      }
    }
    for (const turns of [...this.#turns.values(), ...this.#own.values()]) turns.sort((a, b) => a.at - b.at);
  }

  /**
   * Whether a consumer had lost the partition at that time without having been told: another one was assigned it, since
   * the consumer was, and it has not heard of a revocation. Once it has, it has no excuse.
   */
  isZombie(consumer: string, place: string, at: number): boolean {
    const own = this.#own.get(`${place}/${consumer}`) ?? [];
    const last = own[upTo(own, at) - 1];
    if (!last?.assigned) return false;
    const turns = this.#turns.get(place) ?? [];
    for (let i = upTo(turns, at) - 1; i >= 0; i--) {
      const turn = turns[i]!;
      if (turn.at <= last.at) return false;
      if (turn.assigned && turn.consumer !== consumer) return true;
    }
    return false;
  }

  /** Whether the consumer was assigned the partition after `from`, and not later than `to`. */
  wasAssigned(consumer: string, place: string, from: number, to: number): boolean {
    const own = this.#own.get(`${place}/${consumer}`) ?? [];
    for (let i = upTo(own, to) - 1; i >= 0 && own[i]!.at >= from; i--) if (own[i]!.assigned) return true;
    return false;
  }
}

function append(lists: Map<string, Turn[]>, name: string, turn: Turn): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [turn]);
  else list.push(turn);
}

import type { Clock } from '../clock.ts';
import type { Position } from '../dead-letters/dead-letter.ts';
import { OrchestratorError } from '../errors.ts';
import type { Range } from '../kafka/offsets.ts';
import type { Redrive, Steering } from './redrive.ts';
import { steered } from './redrive.ts';
import type { Edit, RedriveStore, StoredRedrive } from './redrive-store.ts';
import type { FilterFields } from './selection.ts';

/** What somebody wants to be redriven, and how. */
export interface RedriveWish {
  readonly what:
    | { readonly kind: 'positions'; readonly positions: readonly Position[] }
    | { readonly kind: 'filter'; readonly filter: FilterFields }
    | { readonly kind: 'all' };
  readonly who: string;
  readonly reason: string;
  readonly maxPerSecond: number | null;
  readonly dryRun: boolean;
  readonly edit: Edit | null;
  /** A name that the caller gave it, with a digest of what was asked: asked for again, it is the same redrive. */
  readonly request: { readonly name: string; readonly digest: string } | null;
}

interface Deps {
  readonly store: RedriveStore;
  /** First offset and end of each partition of the dead-letter topic, now, and what tells it from one made anew. */
  readonly deadLetters: () => Promise<{ readonly id: string; readonly ranges: ReadonlyMap<number, Range> }>;
  readonly newId: () => string;
  /** Something was created or wished: who runs it here need not wait. */
  readonly onChange: () => void;
  readonly clock: Clock;
}

/** The redrives of a route, as operators see them. Any replica may be asked. */
export class RedriveDesk {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Creates a redrive of what is in the dead-letter topic now.
   * @throws INVALID where a position is beyond the topic's end, or the request's name was used for something else; LIMITED
   * where a hundred of the route have not ended yet; UNAVAILABLE.
   */
  async create({ what, request, edit, ...rest }: RedriveWish): Promise<StoredRedrive> {
    const { store, deadLetters, newId, clock, onChange } = this.#deps;
    const { id: topicId, ranges } = await deadLetters();
    const cutoff = Array.from({ length: ranges.size }, (_, partition) => ranges.get(partition)?.end ?? 0);
    const positions = what.kind === 'positions' ? distinct(what.positions) : null;
    for (const { partition, offset } of positions ?? []) {
      if (offset < (cutoff[partition] ?? 0)) continue;
      throw new OrchestratorError(
        'INVALID',
        `there is no dead letter in partition ${partition} at ${offset}`,
      );
    }
    const redrive: Redrive = {
      id: newId(),
      createdAt: clock.now(),
      ...rest,
      selection: what.kind === 'positions' ? { kind: 'positions', count: positions?.length ?? 0 } : what,
      cutoff,
      topicId,
      edited: edit !== null,
    };
    const created = await store.create(redrive, { positions, edit }, request);
    switch (created.kind) {
      case 'created':
        onChange();
        return this.get(redrive.id);
      case 'same':
        return this.get(created.id);
      case 'other-request':
        throw new OrchestratorError(
          'INVALID',
          'this Idempotency-Key was used for another redrive; take a new one',
        );
      case 'full':
        throw new OrchestratorError(
          'LIMITED',
          'a hundred redrives of this route have not ended yet; wait, or cancel some',
        );
    }
  }

  /** The last hundred, the newest first. */
  list(): Promise<StoredRedrive[]> {
    return this.#deps.store.list();
  }

  /** @throws UNKNOWN_REDRIVE */
  async get(id: string): Promise<StoredRedrive> {
    const stored = await this.#deps.store.get(id);
    if (stored === null) {
      throw new OrchestratorError(
        'UNKNOWN_REDRIVE',
        'there is no such redrive; the last hundred of a route are kept',
      );
    }
    return stored;
  }

  /**
   * `changed: false`: it was so already.
   * @throws UNKNOWN_REDRIVE; ENDED where it can't be any more.
   */
  async steer(id: string, steering: Steering): Promise<{ changed: boolean; stored: StoredRedrive }> {
    for (;;) {
      const stored = await this.get(id);
      const wish = steered(stored.state, steering);
      if (wish === null) return { changed: false, stored };
      if (wish === 'ended') {
        throw new OrchestratorError('ENDED', `the redrive is ${stored.state}; start another one`);
      }
      if (await this.#deps.store.steer(id, stored.wish, wish)) {
        this.#deps.onChange();
        return { changed: true, stored: await this.get(id) };
      }
    }
  }
}

function distinct(positions: readonly Position[]): Position[] {
  return [...new Map(positions.map((each) => [`${each.partition}/${each.offset}`, each])).values()];
}

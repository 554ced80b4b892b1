import type { Position } from '../dead-letters/dead-letter.ts';
import { Positions } from './positions.ts';

/** Dead letters that redrives of a route have taken up and not settled yet: none takes what another one has. */
export class Claims {
  readonly #byRedrive = new Map<string, Positions>();

  /** False: another one has it. */
  take(redrive: string, position: Position): boolean {
    for (const [other, positions] of this.#byRedrive) {
      if (other !== redrive && positions.has(position)) return false;
    }
    const own = this.#byRedrive.get(redrive) ?? new Positions();
    own.add(position);
    this.#byRedrive.set(redrive, own);
    return true;
  }

  release(redrive: string, position: Position): void {
    this.#byRedrive.get(redrive)?.delete(position);
  }

  releaseAll(redrive: string): void {
    this.#byRedrive.delete(redrive);
  }
}

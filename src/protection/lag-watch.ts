/**
 * Whether a group falls behind. It is looked at in windows: commits come in steps, so what counts is how close to the end it
 * comes in each.
 */
export class LagWatch {
  #least = Infinity;
  #before: number | null = null;

  note(lag: number): void {
    this.#least = Math.min(this.#least, lag);
  }

  /** Ends a window. True: the group came less close to the end than in the one before, by more than `tolerance` records. */
  grew(tolerance: number): boolean {
    const least = this.#least;
    this.#least = Infinity;
    if (least === Infinity) return false;
    const before = this.#before;
    this.#before = least;
    return before !== null && least - before > tolerance;
  }
}

/** Successes that nobody has heard of yet: what a crash makes a key's handler do again at most. */
const MOST = 16;

/**
 * The successes of one key that are being reported while its next records, admitted together with them, are handled. One
 * call for each record would be most of the time that a locked key takes to come to its end.
 *
 * Only a record that was admitted goes ahead. Whoever asks, or reports a failure, waits until all of them are answered.
 */
export class RunAhead {
  readonly #reports = new Set<Promise<void>>();

  get hasRoom(): boolean {
    return this.#reports.size < MOST;
  }

  add(report: Promise<void>): void {
    this.#reports.add(report);
    void report.finally(() => this.#reports.delete(report));
  }

  get isEmpty(): boolean {
    return this.#reports.size === 0;
  }

  async answered(): Promise<void> {
    await Promise.all(this.#reports);
  }
}

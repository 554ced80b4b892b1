import type { HistoryLine } from './history.ts';

/** What the histories say so far. */
export class Progress {
  readonly history: HistoryLine[] = [];
  readonly #open = new Map<string, Extract<HistoryLine, { type: 'begun' }>>();
  readonly #succeeded = new Set<string>();
  #retried = 0;

  add(lines: readonly HistoryLine[]): void {
    for (const line of lines) {
      this.history.push(line);
      if (line.type === 'begun') {
        this.#open.set(`${line.consumer}/${line.call}`, line);
        if (line.redelivered) this.#retried += 1;
      } else if (line.type === 'ended') {
        const call = this.#open.get(`${line.consumer}/${line.call}`);
        this.#open.delete(`${line.consumer}/${line.call}`);
        if (call && line.result === 'succeeded') this.#succeeded.add(`${call.partition}/${call.offset}`);
      }
    }
  }

  /** Messages that have succeeded, each counted once. */
  get succeeded(): number {
    return this.#succeeded.size;
  }

  /** Handler calls of redelivered messages. */
  get retried(): number {
    return this.#retried;
  }
}

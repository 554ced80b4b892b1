/** The records of one partition between being read and being committed. */
export class OffsetTracker {
  #open: { offset: number; finished: boolean }[] = [];
  #head = 0;
  #next: number | undefined;
  #unfinished = 0;
  #moved = false;
  #last = -1;

  /** Offsets come in rising order; gaps (compaction, transactions) are fine. Returns what marks the record as finished. */
  add(offset: number): () => void {
    const entry = { offset, finished: false };
    // Before anything is finished, what may be committed is the place where reading began.
    this.#next ??= offset;
    this.#last = offset;
    this.#open.push(entry);
    this.#unfinished += 1;
    return () => {
      if (entry.finished) return;
      entry.finished = true;
      this.#unfinished -= 1;
      this.#advance();
    };
  }

  /** What may be committed: the offset after the last record before which everything is finished. */
  get committable(): number | undefined {
    return this.#next;
  }

  /** Whether anything has been finished, so that there is something new to commit. */
  get moved(): boolean {
    return this.#moved;
  }

  /** The last offset that was read. */
  get last(): number {
    return this.#last;
  }

  get unfinished(): number {
    return this.#unfinished;
  }

  /** How many records stand between what may be committed and the last one read. */
  get window(): number {
    return this.#open.length - this.#head;
  }

  #advance(): void {
    for (let entry = this.#open[this.#head]; entry?.finished === true; entry = this.#open[this.#head]) {
      this.#next = entry.offset + 1;
      this.#moved = true;
      this.#head += 1;
    }
    // Dropping the finished part now and then keeps this linear over all records.
    if (this.#head > 1024 && this.#head * 2 > this.#open.length) {
      this.#open = this.#open.slice(this.#head);
      this.#head = 0;
    }
  }
}

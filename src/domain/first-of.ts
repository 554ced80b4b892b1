/**
 * The first `limit` items of any number, in order, without holding more: a heap whose root is the last of those kept.
 */
export class FirstOf<Item> {
  readonly #limit: number;
  readonly #compare: (a: Item, b: Item) => number;
  readonly #heap: Item[] = [];

  constructor(limit: number, compare: (a: Item, b: Item) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  /** Whether it would be kept if it were offered. */
  wants(item: Item): boolean {
    const last = this.#heap[0];
    return this.#heap.length < this.#limit || (last !== undefined && this.#compare(item, last) < 0);
  }

  /** The item that has no room: the one offered, one that it displaced, or none. */
  offer(item: Item): Item | undefined {
    if (!this.wants(item)) return item;
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push(item);
      this.#rise(heap.length - 1);
      return undefined;
    }
    const displaced = heap[0];
    heap[0] = item;
    this.#sink();
    return displaced;
  }

  inOrder(): Item[] {
    return [...this.#heap].sort(this.#compare);
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isAfter(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const child = right < this.#heap.length && this.#isAfter(right, left) ? right : left;
      if (child >= this.#heap.length || !this.#isAfter(child, at)) return;
      this.#swap(child, at);
      at = child;
    }
  }

  #isAfter(a: number, b: number): boolean {
    return this.#compare(this.#heap[a] as Item, this.#heap[b] as Item) > 0;
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b] as Item, this.#heap[a] as Item];
  }
}

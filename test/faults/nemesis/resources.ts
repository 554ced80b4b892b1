/** Who needs what somebody else has taken waits for it, in the order of coming. Nobody gets a part of what it needs. */
export class Resources {
  /** The last work on each. */
  readonly #tails = new Map<string, Promise<void>>();

  async holding(names: readonly string[], work: () => Promise<void>): Promise<void> {
    const before = Promise.all(names.map((name) => this.#tails.get(name) ?? Promise.resolve()));
    const done = before.then(work);
    const settled = done.catch(() => undefined);
    for (const name of names) this.#tails.set(name, settled);
    await done;
  }
}

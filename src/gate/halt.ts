/** While it is on, no record of the partition is asked about or given to a handler. */
export class Halt {
  #on: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  get isOn(): boolean {
    return this.#on !== undefined;
  }

  begin(): void {
    if (this.#on !== undefined) return;
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#on = { over, end };
  }

  end(): void {
    this.#on?.end();
    this.#on = undefined;
  }

  /** Resolves when it is over. */
  async over(): Promise<void> {
    await this.#on?.over;
  }
}

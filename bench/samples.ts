import type { Series } from './chart/chart.ts';

/** Readings of several quantities at one moment, s since the beginning. */
type Reading<Name extends string> = { readonly at: number } & Readonly<Record<Name, number>>;

/** Reads some quantities again and again, in the background, until it is stopped. */
export class Samples<Name extends string> {
  readonly readings: Reading<Name>[] = [];
  readonly begun = performance.now();
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(every: number, read: () => Promise<Record<Name, number>>) {
    this.#running = this.#run(every, read);
  }

  async #run(every: number, read: () => Promise<Record<Name, number>>): Promise<void> {
    for (let i = 1; !this.#stopped; i++) {
      this.readings.push({ at: this.elapsed, ...(await read()) });
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, this.begun + i * every - performance.now())),
      );
    }
  }

  /** Seconds. */
  get elapsed(): number {
    return (performance.now() - this.begun) / 1_000;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Resolves when it is so: looked at ten times a second. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  /** It has not changed for so many seconds, and that was after `from` (s since the beginning). */
  quiet(name: Name, seconds: number, from: number): boolean {
    const last = this.readings.at(-1);
    const before = this.readings.findLast(({ at }) => at <= (last?.at ?? 0) - seconds);
    return before !== undefined && before.at >= from && before[name] === last?.[name];
  }

  most(name: Name): number {
    return Math.max(...this.readings.map((reading) => reading[name]));
  }

  line(title: string, name: Name, factor = 1): Series {
    return { name: title, points: this.readings.map((reading) => [reading.at, reading[name] * factor]) };
  }

  /** What a count grows by in a second. */
  rate(title: string, name: Name): Series {
    const points = this.readings.slice(1).map((reading, i): [number, number] => {
      const before = this.readings[i] ?? reading;
      return [reading.at, Math.max(0, (reading[name] - before[name]) / (reading.at - before.at))];
    });
    return { name: title, points };
  }
}

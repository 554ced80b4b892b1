/** One line of a chart. Points are ordered by x. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What a curve of a benchmark shows; kept as JSON, so that drawing it again needs no measuring. */
export interface Chart {
  readonly title: string;
  /** Name and unit of each axis. */
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** Moments worth a line across the chart. */
  readonly marks: readonly { readonly at: number; readonly name: string }[];
}

/** What is smaller is nothing: a step of it would vanish. */
const LEAST = 1e-9;

/** Round values from 0 or below up to at least `most`, about `count` of them: steps of 1, 2 or 5 times a power of ten. */
export function ticks(most: number, count: number): number[] {
  const rough = (most >= LEAST ? most : 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? rough;
  const values: number[] = [];
  for (let i = 0; ; i++) {
    // A product, no sum: a tenth added ten times is not one.
    const value = Number((i * step).toPrecision(12));
    values.push(value);
    if (i > 0 && value >= most) return values;
  }
}

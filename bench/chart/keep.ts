import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chart } from './chart.ts';
import { draw } from './draw.ts';

const DIRECTORY = 'docs/benchmarks';

/** Takes a curve of a measurement; the name is that of its files. */
export type Draw = (name: string, chart: Chart) => void;

/** Keeps the samples of a curve, and draws it. */
export async function keep(name: string, chart: Chart): Promise<void> {
  await mkdir(DIRECTORY, { recursive: true });
  await writeFile(join(DIRECTORY, `${name}.json`), `${JSON.stringify(rounded(chart))}\n`);
  await drawAgain(name);
}

/** Draws every curve that was kept. */
export async function drawAll(): Promise<void> {
  const files = (await readdir(DIRECTORY)).filter((file) => file.endsWith('.json'));
  for (const file of files) await drawAgain(file.replace(/\.json$/, ''));
}

async function drawAgain(name: string): Promise<void> {
  const chart = JSON.parse(await readFile(join(DIRECTORY, `${name}.json`), 'utf8')) as Chart;
  await writeFile(join(DIRECTORY, `${name}.svg`), draw(chart));
}

/** Four digits are more than a line shows. */
function rounded(chart: Chart): Chart {
  const short = (value: number): number => Number(value.toPrecision(4));
  const series = chart.series.map(({ name, points }) => ({
    name,
    points: points.map(([x, y]) => [short(x), short(y)] as const),
  }));
  return { ...chart, series, marks: chart.marks.map(({ at, name }) => ({ at: short(at), name })) };
}

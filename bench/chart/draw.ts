import type { Chart, Series } from './chart.ts';
import { ticks } from './chart.ts';

const WIDTH = 760;
const HEIGHT = 380;
const LEFT = 74;
const RIGHT = 20;
const TOP = 66;
const BOTTOM = 52;
const CLASSES = 6;

/** Readable on white and on black: the page that shows it may be either. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .axis { stroke: #59636e; stroke-width: 1 }
  .mark { stroke: #59636e; stroke-width: 1; stroke-dasharray: 4 4 }
  .line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
  .c0 { stroke: #0969da } .c1 { stroke: #cf222e } .c2 { stroke: #1a7f37 }
  .c3 { stroke: #9a6700 } .c4 { stroke: #8250df } .c5 { stroke: #59636e }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid { stroke: #30363d } .axis, .mark { stroke: #9198a1 }
    .c0 { stroke: #4493f8 } .c1 { stroke: #f85149 } .c2 { stroke: #3fb950 }
    .c3 { stroke: #d29922 } .c4 { stroke: #ab7df8 } .c5 { stroke: #9198a1 }
  }`;

/** A line chart as SVG. Pure; the same chart gives the same text. */
export function draw(chart: Chart): string {
  const all = chart.series.flatMap(({ points }) => points);
  const xTicks = ticks(Math.max(0, ...all.map(([x]) => x), ...chart.marks.map(({ at }) => at)), 10);
  const yTicks = ticks(Math.max(0, ...all.map(([, y]) => y)), 6);
  const x = scale(xTicks.at(-1) ?? 1, LEFT, WIDTH - RIGHT);
  const y = scale(yTicks.at(-1) ?? 1, HEIGHT - BOTTOM, TOP);
  const floor = HEIGHT - BOTTOM;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(chart.title)}">`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${LEFT}" y="22">${escaped(chart.title)}</text>`,
    ...legend(chart.series),
    ...yTicks.map(
      (value) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/>` +
        `<text x="${LEFT - 8}" y="${y(value)}" dy="4" text-anchor="end">${shown(value)}</text>`,
    ),
    ...xTicks.map(
      (value) =>
        `<line class="axis" x1="${x(value)}" x2="${x(value)}" y1="${floor}" y2="${floor + 5}"/>` +
        `<text x="${x(value)}" y="${floor + 19}" text-anchor="middle">${shown(value)}</text>`,
    ),
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${floor}" y2="${floor}"/>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(chart.x)}</text>`,
    `<text transform="rotate(-90)" x="${-(TOP + floor) / 2}" y="16" text-anchor="middle">${escaped(chart.y)}</text>`,
    ...chart.marks.map(
      ({ at, name }) =>
        `<line class="mark" x1="${x(at)}" x2="${x(at)}" y1="${TOP}" y2="${floor}"/>` +
        `<text x="${x(at)}" dx="4" y="${TOP + 12}">${escaped(name)}</text>`,
    ),
    ...chart.series.map(
      ({ points }, i) =>
        `<polyline class="line c${i % CLASSES}" points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')}"/>`,
    ),
    '</svg>\n',
  ].join('\n');
}

/** Of a value from 0 to `most`, where it lies between two pixels. */
function scale(most: number, from: number, to: number): (value: number) => number {
  return (value) => Number((from + ((to - from) * value) / most).toFixed(1));
}

function legend(series: readonly Series[]): string[] {
  let at = LEFT;
  return series.map(({ name }, i) => {
    const left = at;
    at += 36 + 7 * name.length;
    return (
      `<line class="line c${i % CLASSES}" x1="${left}" x2="${left + 18}" y1="44" y2="44"/>` +
      `<text x="${left + 24}" y="48">${escaped(name)}</text>`
    );
  });
}

function shown(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 6 });
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

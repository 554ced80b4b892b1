import { writeFile } from 'node:fs/promises';
import { startStack } from '../dev/stack/stack.ts';
import type { Stack } from '../dev/stack/stack.ts';
import { drawAll, keep } from './chart/keep.ts';
import type { Draw } from './chart/keep.ts';
import { measureGate } from './gate.ts';
import { measureHerd } from './herd.ts';
import { measureLocks } from './locks.ts';
import { measureLoop } from './loop.ts';
import { measureMemory } from './memory.ts';
import { measureOutage } from './outage.ts';
import { measurePunctuality } from './punctuality.ts';
import { measureRamp } from './ramp.ts';
import { measureRebuild } from './rebuild.ts';
import { measureRedrive } from './redrive.ts';
import { SCALE } from './scale.ts';
import { measureScrape } from './scrape.ts';
import { measureStorm } from './storm.ts';
import { measureTakeover } from './takeover.ts';

type Measure = (stack: Stack, say: (line: string) => void, draw: Draw) => Promise<Record<string, number>>;

const measures: Record<string, Measure> = {
  gate: measureGate,
  locks: measureLocks,
  scrape: measureScrape,
  loop: measureLoop,
  punctuality: measurePunctuality,
  memory: measureMemory,
  rebuild: measureRebuild,
  takeover: measureTakeover,
  redrive: measureRedrive,
  storm: measureStorm,
  herd: measureHerd,
  ramp: measureRamp,
  outage: measureOutage,
};

const wanted = process.argv.slice(2);
const say = (line: string): void => {
  process.stderr.write(`bench: ${line}\n`);
};

// `draw` measures nothing: it draws the curves that were kept.
if (wanted.includes('draw')) await drawAll();

const figures: Record<string, number> = {};
for (const [name, measure] of Object.entries(measures)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  // A server of their own for each: what one left behind is not in the way of the next.
  await using stack = await startStack();
  const charts: Parameters<Draw>[] = [];
  const draw: Draw = (...chart) => void charts.push(chart);
  Object.assign(figures, await measure(stack, say, draw));
  // What was only tried out is not kept.
  if (SCALE === 1) for (const chart of charts) await keep(...chart);
}
for (const [name, value] of Object.entries(figures))
  process.stdout.write(`${name.padEnd(32)}${String(rounded(value))}\n`);
if (wanted.length === 0) {
  const json = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]));
  await writeFile('docs/benchmarks.json', `${JSON.stringify(json, null, 2)}\n`);
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

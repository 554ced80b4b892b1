import { writeFile } from 'node:fs/promises';
import { startStack } from '../dev/stack/stack.ts';
import type { Stack } from '../dev/stack/stack.ts';
import { measureGate } from './gate.ts';
import { measureLocks } from './locks.ts';
import { measureLoop } from './loop.ts';
import { measureMemory } from './memory.ts';
import { measurePunctuality } from './punctuality.ts';
import { measureRebuild } from './rebuild.ts';
import { measureRedrive } from './redrive.ts';
import { measureTakeover } from './takeover.ts';

type Measure = (stack: Stack, say: (line: string) => void) => Promise<Record<string, number>>;

const measures: Record<string, Measure> = {
  gate: measureGate,
  locks: measureLocks,
  loop: measureLoop,
  punctuality: measurePunctuality,
  memory: measureMemory,
  rebuild: measureRebuild,
  takeover: measureTakeover,
  redrive: measureRedrive,
};

const wanted = process.argv.slice(2);
const say = (line: string): void => {
  process.stderr.write(`bench: ${line}\n`);
};

const figures: Record<string, number> = {};
for (const [name, measure] of Object.entries(measures)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  // A server of their own for each: what one left behind is not in the way of the next.
  await using stack = await startStack();
  Object.assign(figures, await measure(stack, say));
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

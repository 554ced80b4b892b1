import { resolve } from 'node:path';
import { type FaultKind, faultKinds } from './history.ts';
import { OVERLAPPING_SHARE } from './plan/faults.ts';

export interface FaultOptions {
  readonly seed: number;
  readonly minutes: number;
  /** For how long messages are sent. */
  readonly loadMs: number;
  /** Messages a second, over all routes. */
  readonly perSecond: number;
  /** Where logs and histories are kept, also of a run that kept its promises. */
  readonly keep: string | undefined;
  /** The build of the service and of the gate. */
  readonly dist: string;
  /** Only these; otherwise all. */
  readonly kinds: readonly FaultKind[];
  /** The share of the faults that begin while the one before lasts. */
  readonly overlapping: number;
  /** Ends as soon as a promise is broken for certain. */
  readonly untilBroken: boolean;
}

/** What starting, and waiting for the last messages, takes of the minutes. */
const ASIDE_MS = 25_000;
const PER_SECOND = 93;

/** From the environment, as make passes its variables on. Throws an error that is meant to be read. */
export function readOptions(env: NodeJS.ProcessEnv, anySeed: number): FaultOptions {
  const minutes = number('MINUTES', env['MINUTES'] ?? '10', 1, 24 * 60);
  return {
    seed: number('SEED', env['SEED'] ?? String(anySeed), 0, 0xffff_ffff),
    minutes,
    loadMs: minutes * 60_000 - ASIDE_MS,
    perSecond: number('RATE', env['RATE'] ?? String(PER_SECOND), 3, 10_000),
    keep: env['KEEP'] ? resolve(env['KEEP']) : undefined,
    dist: resolve(env['DIST'] ?? 'dist'),
    kinds: kindsOf(env['FAULTS']),
    overlapping: number('OVERLAP', env['OVERLAP'] ?? String(100 * OVERLAPPING_SHARE), 0, 100) / 100,
    untilBroken: env['UNTIL_BROKEN'] === '1',
  };
}

function kindsOf(text: string | undefined): readonly FaultKind[] {
  if (!text) return faultKinds;
  return text.split(',').map((name) => {
    const kind = faultKinds.find((known) => known === name);
    if (kind === undefined)
      throw new Error(`FAULTS has '${name}', which is none of ${faultKinds.join(', ')}`);
    return kind;
  });
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`${name} has to be a whole number from ${min} to ${max}, not '${text}'`);
}

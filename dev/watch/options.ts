import { parseArgs } from 'node:util';
import { CYCLE_SECONDS } from './weather.ts';

export interface WatchOptions {
  /** Ends after so many seconds; null: on Ctrl-C. */
  readonly seconds: number | null;
  /** Draws what Prometheus has seen, at the end. */
  readonly draw: boolean;
}

export const usage = `make watch ARGS="[--seconds N] [--draw]"

  --seconds  ends by itself, instead of on Ctrl-C
  --draw     draws the dashboards into docs/dashboards/ at the end; after ${CYCLE_SECONDS} s unless --seconds says otherwise`;

/** Throws an error that is meant to be read. */
export function readOptions(args: readonly string[]): WatchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: 'string' }, draw: { type: 'boolean', default: false } },
  });
  const { seconds, draw } = values;
  if (seconds === undefined) return { seconds: draw ? CYCLE_SECONDS : null, draw };
  if (!/^[1-9]\d{0,5}$/.test(seconds)) {
    throw new Error(`--seconds has to be a whole number from 1, not '${seconds}'`);
  }
  return { seconds: Number(seconds), draw };
}

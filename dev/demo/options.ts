import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly messages: number;
  readonly keys: number;
  readonly seed: number;
  /** Leaves everything running after the report, until Ctrl-C. */
  readonly keep: boolean;
  /** Kills the service as well, and starts it again. */
  readonly killService: boolean;
}

export const usage = `make demo ARGS="[--messages 10000] [--keys 500] [--seed N] [--keep] [--kill-service]"

  --messages      orders to produce
  --keys          how many keys they have; one of them always fails
  --seed          repeats the orders and the failures of an earlier run
  --keep          leaves everything running afterwards, until Ctrl-C, and says what to ask it
  --kill-service  kills the service too, and starts it again`;

/** Throws an error that is meant to be read. `anySeed` is taken where the command line has none. */
export function readOptions(args: readonly string[], anySeed: number): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      messages: { type: 'string', default: '10000' },
      keys: { type: 'string', default: '500' },
      seed: { type: 'string', default: String(anySeed) },
      keep: { type: 'boolean', default: false },
      'kill-service': { type: 'boolean', default: false },
    },
  });
  return {
    messages: integer('messages', values.messages, 100, 5_000_000),
    // One key is the one that always fails, so there have to be others.
    keys: integer('keys', values.keys, 2, 1_000_000),
    seed: integer('seed', values.seed, 0, 0xffff_ffff),
    keep: values.keep,
    killService: values['kill-service'],
  };
}

/** What one types to see the same once more. */
export function commandFor({ messages, keys, seed, killService }: DemoOptions): string {
  return `make demo ARGS="--messages ${messages} --keys ${keys} --seed ${seed}${killService ? ' --kill-service' : ''}"`;
}

function integer(name: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new Error(`--${name} has to be a whole number from ${min} to ${max}, not '${text}'`);
}

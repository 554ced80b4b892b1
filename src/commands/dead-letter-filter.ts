import type { Command } from 'commander';
import { timeOption } from './time-option.ts';
import { wholeNumber } from './whole-number.ts';

export interface DeadLetterFilterOptions {
  readonly key?: string;
  readonly keyBase64?: string;
  readonly cause?: string;
  readonly errorClass?: string;
  readonly error?: string;
  readonly from?: string;
  readonly to?: string;
  readonly source?: string;
  readonly partition?: number;
}

/** The options that say which dead letters. */
export function withDeadLetterFilter(command: Command): Command {
  return command
    .option('--key <key>', 'of this key')
    .option('--key-base64 <base64>', 'the same, in base64')
    .option('--cause <cause>', 'exhausted, fatal, expired, …')
    .option('--error-class <class>', 'of this class')
    .option('--error <text>', 'with this in the message')
    .option('--from <time>', 'given up since: 24h, or 2026-11-21T18:00:00Z')
    .option('--to <time>', 'given up before')
    .option('--source <tool>', 'written by service, spring, connect, streams, …')
    .option('--partition <number>', 'of this partition of the dead-letter topic', wholeNumber);
}

/** As the API names them; `now` in epoch ms. @throws CommandError */
export function deadLetterFilter(options: DeadLetterFilterOptions, now: number) {
  const { key, keyBase64, cause, errorClass, error, from, to, source, partition } = options;
  return {
    ...{ key, keyBase64, reason: cause, errorClass, error, source, partition },
    from: from === undefined ? undefined : timeOption(from, now, '--from'),
    to: to === undefined ? undefined : timeOption(to, now, '--to'),
  };
}

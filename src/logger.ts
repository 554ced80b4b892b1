import { types } from 'node:util';

import { destination, type DestinationStream, pino, stdTimeFunctions } from 'pino';
import type { LogEvent } from './log-events/log-events.ts';
import { IMPORTANCE, type LineLevel, type LogLevel } from './log-level.ts';

/** Where something happened. Never a key, a header or a payload: they belong to other people. */
export interface LogContext {
  readonly route?: string;
  readonly partition?: number;
  readonly offset?: bigint | number | string;
  readonly err?: unknown;
  readonly [more: string]: unknown;
}

/** `event` is a stable name (`shard_owned`): alerts and searches go by it, the message may be reworded. */
export type LogFields = LogContext & { readonly event: LogEvent };

type Log = (fields: LogFields, message: string) => void;

export interface Logger {
  readonly fatal: Log;
  readonly error: Log;
  readonly warn: Log;
  readonly info: Log;
  readonly debug: Log;
  readonly trace: Log;
  /** Whether such lines are written now. For those that cost something to make. */
  writes(level: LineLevel): boolean;
  /** A logger whose lines all carry these fields. */
  child(fields: LogContext): Logger;
}

/**
 * The net under the rule above: should a record or an entry be logged whole, these stay out of it. pino looks no deeper than
 * the paths it is given, so two levels are named.
 */
const KEYS = ['key', 'keyBase64', 'lockedKeys'];
const PRIVATE = ['value', 'payload', 'headers', 'body', 'token', 'authorization'];

function redactedPaths(names: readonly string[]): string[] {
  return names.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
}

/** JSON lines to stdout. They are written synchronously: the last one before a SIGKILL is the one that says why. */
export function createLogger(
  level: LogLevel | LevelSource,
  stream: DestinationStream = destination({ dest: STDOUT, sync: true }),
  /** `keys`: keys of messages may stand in the log (`log.keys`). */
  { keys = false }: { readonly keys?: boolean } = {},
): Logger {
  const options = {
    // What is written is decided here: a child of pino's keeps the level that it was made with.
    level: 'trace' as const,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => describeError(error) },
    redact: { paths: redactedPaths(keys ? PRIVATE : [...KEYS, ...PRIVATE]), censor: '[redacted]' },
  };
  return leveled(pino(options, stream), typeof level === 'string' ? { current: level } : level);
}

/** What the level is now; it may change at any time. */
interface LevelSource {
  readonly current: LogLevel;
}

type Lines = Pick<Logger, LineLevel> & { child(fields: LogContext): Lines };

function leveled(lines: Lines, level: LevelSource): Logger {
  const writes = (of: LineLevel): boolean => IMPORTANCE[of] >= IMPORTANCE[level.current];
  const at =
    (of: LineLevel): Log =>
    (fields, message) => {
      if (writes(of)) lines[of](fields, message);
    };
  return {
    ...{ fatal: at('fatal'), error: at('error'), warn: at('warn') },
    ...{ info: at('info'), debug: at('debug'), trace: at('trace') },
    writes,
    child: (fields) => leveled(lines.child(fields), level),
  };
}

const STDOUT = 1;
const DEEPEST_CAUSE = 5;

/** What a reader of the log needs of an error. Only named fields: clients hang whole requests on their errors. */
function describeError(error: unknown, depth = 0): unknown {
  if (!isError(error)) return typeof error === 'object' && error !== null ? { type: 'object' } : error;
  const { code } = error as { code?: unknown };
  const several = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined && depth < DEEPEST_CAUSE
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
    ...(several.length > 0 && depth < DEEPEST_CAUSE
      ? { errors: several.map((each) => describeError(each, depth + 1)) }
      : {}),
  };
}

/** Also one of another realm, such as those of Node itself seen from a `vm` context. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

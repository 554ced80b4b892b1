import type { LineLevel } from '../log-level.ts';

/** What a line of the log means. Its name never changes; a test holds names and levels against the code. */
export interface LogEventMeaning {
  /** Several: it depends. */
  readonly level: LineLevel | readonly LineLevel[];
  readonly means: string;
  /** '' = nothing. */
  readonly todo: string;
}

export function means(level: LogEventMeaning['level'], meaning: string, todo = ''): LogEventMeaning {
  return { level, means: meaning, todo };
}

/** What the exit code of a command tells. */
export const EXIT = {
  ok: 0,
  /** It was understood, and did not succeed. */
  failed: 1,
  /** The command line is wrong, or the service found fault with what it was asked. */
  usage: 2,
  /** The service does not answer, or can't now. */
  unreachable: 3,
  /** The token is missing, not good, or not enough. */
  refused: 4,
  /** There is no such route, lock, dead letter or redrive. */
  unknown: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command: the message goes to stderr and says what to do. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

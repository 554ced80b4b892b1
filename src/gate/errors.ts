/** Thrown by a handler: retrying is pointless, the message goes to the dead-letter topic when it is its turn. */
export class FatalError extends Error {
  /** Any error with `fatal: true` counts; this class is a convenience. */
  readonly fatal = true;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FatalError';
  }
}

/** Thrown by a handler: try again, but not before `retryAfterMs` from now (the route's own backoff may be longer). */
export class RetryLaterError extends Error {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message = 'retry later', options?: ErrorOptions) {
    super(message, options);
    this.name = 'RetryLaterError';
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * - `CLOSED`: the partition was revoked, or the gate closed, before the record was finished. Do not commit it.
 * - `HELD`: the record still waits (for the service, or for a claim). Do not commit it; it will be offered again.
 * - `NOT_ASSIGNED`: a record of a partition that `assigned` was never told about.
 * - `OWNERSHIP`: the runner could not tell what it owns, and stopped rather than guess.
 */
export type GateErrorCode = 'CLOSED' | 'HELD' | 'NOT_ASSIGNED' | 'OWNERSHIP';

/** What the gate itself throws. None of these means that the record failed. */
export class GateError extends Error {
  readonly code: GateErrorCode;
  readonly retryable: boolean;

  constructor(code: GateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GateError';
    this.code = code;
    this.retryable = code === 'HELD';
  }
}

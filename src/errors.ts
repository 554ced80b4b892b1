/** What each code means to a caller over HTTP. A code that is not here does not exist. */
const CODES = {
  /** The request can't be understood: sending it again changes nothing. */
  INVALID: { status: 400, retryable: false },
  /** No credentials, or none that are good. */
  UNAUTHENTICATED: { status: 401, retryable: false },
  /** The credentials are good, and not for this. */
  FORBIDDEN: { status: 403, retryable: false },
  UNKNOWN_ROUTE: { status: 404, retryable: false },
  UNKNOWN_PARTITION: { status: 404, retryable: false },
  UNKNOWN_LOCK: { status: 404, retryable: false },
  UNKNOWN_REDRIVE: { status: 404, retryable: false },
  /** It is over: nothing about it can be changed. */
  ENDED: { status: 409, retryable: false },
  UNKNOWN_DEAD_LETTER: { status: 404, retryable: false },
  /** Somebody else claimed or owns the partition since. The same call never succeeds; after a new claim another may. */
  FENCED: { status: 409, retryable: false },
  TOO_LARGE: { status: 413, retryable: false },
  LIMITED: { status: 429, retryable: true },
  /** The shard is being taken over or rebuilt; `retryAfterMs` says when to ask again. */
  NOT_READY: { status: 503, retryable: true },
  /** Kafka or Redis can't be reached. The gate takes it for no answer at all, unlike NOT_READY. */
  UNAVAILABLE: { status: 503, retryable: true },
  INTERNAL: { status: 500, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof CODES;

export const ERROR_CODES = Object.keys(CODES) as readonly ErrorCode[];

export interface ErrorDetails {
  readonly cause?: unknown;
  /** When to ask again, in milliseconds from now: the `Retry-After` of the answer. */
  readonly retryAfterMs?: number;
}

/** The HTTP status of an error code. */
export function statusOf(code: ErrorCode): number {
  return CODES[code].status;
}

/** The one error class of the service: `code` decides what a caller sees, `cause` is for the log only. */
export class OrchestratorError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'OrchestratorError';
    this.code = code;
    this.retryable = CODES[code].retryable;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
  }
}

/** The parts of the API's answers that the commands show. docs/openapi.json has all of them. */

export interface KeyedAnswer {
  readonly key?: string;
  readonly keyBase64?: string;
  readonly origin?: number;
  readonly retryOffset?: number;
}

export interface RouteAnswer {
  readonly name: string;
  readonly status: 'ok' | 'degraded';
  readonly paused: { readonly is: boolean; readonly reason: string | null };
  readonly breaker: {
    readonly state: string;
    readonly reason: string | null;
    readonly detail?: string | null;
  };
  readonly totals: {
    readonly lockedKeys: number;
    readonly heldMessages: number;
    readonly heldBytes: number;
    readonly inFlight: number;
    readonly parked: number;
    readonly oldestLockAgeMs: number | null;
    readonly deadLetters: number | null;
  };
  readonly problems: readonly string[];
}

export interface ErrorAnswer {
  readonly class: string;
  readonly message: string;
}

export interface LockAnswer extends KeyedAnswer {
  readonly partition: number;
  readonly state: string;
  readonly ageMs: number;
  readonly held: number;
  readonly attempt: number;
  readonly nextAttemptAt: number | null;
  readonly lastError: ErrorAnswer | null;
}

export interface ActedAnswer {
  readonly outcome: 'done' | 'unchanged';
  readonly entries: number;
  readonly partition: number;
}

export interface BulkAnswer {
  readonly matched: number;
  readonly done: number;
  readonly unchanged: number;
  readonly gone: number;
  readonly complete: boolean;
  readonly problems: readonly string[];
}

export interface DeedAnswer {
  readonly at: number;
  readonly who: string;
  readonly address: string;
  readonly action: string;
  readonly route: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly reason: string;
  readonly result: Readonly<Record<string, unknown>>;
}

export interface RedriveAnswer {
  readonly id: string;
  readonly state: 'running' | 'paused' | 'cancelled' | 'done' | 'failed';
  readonly who: string;
  readonly reason: string;
  readonly createdAt: number;
  readonly dryRun: boolean;
  readonly progress: {
    readonly examined: number;
    readonly total: number;
    readonly matched: number;
    readonly published: number;
    readonly skipped: number;
    readonly undeliverable: number;
  };
  readonly perSecond: number;
  readonly estimatedEnd: number | null;
  readonly waitingFor: string | null;
  readonly error: string | null;
  readonly problems?: readonly {
    readonly partition: number;
    readonly offset: number;
    readonly problem: string;
  }[];
}

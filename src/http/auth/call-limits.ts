import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../../config/config.ts';
import { OrchestratorError } from '../../errors.ts';

const MINUTE_MS = 60_000;
/** With tokens, whoever loops over the API is one of us by mistake. Without, others may be measuring us. */
const CALLS_WITH_TOKENS = 6_000;
/** Callers that are counted at a time; the one that was not heard of for longest is forgotten. */
const COUNTED = 5_000;

export interface CallLimits {
  /** Counts a call. @throws LIMITED */
  count(request: FastifyRequest, kind: 'gate' | 'other'): Promise<void>;
  /** Counts a refusal (401, 403). False: this address has had enough of them. */
  mayBeTold(request: FastifyRequest): Promise<boolean>;
}

type Check = ReturnType<FastifyInstance['createRateLimit']>;

/** How often one caller may call, counted by this replica alone. */
export function limitCalls(
  app: FastifyInstance,
  limits: HttpConfig['limits'],
  authenticated: boolean,
): CallLimits {
  const checks: Partial<Record<'gate' | 'other' | 'refusals', Check>> = {};
  void app.register(rateLimit, { global: false, cache: COUNTED });
  app.after((error: Error | null) => {
    if (error !== null) throw error;
    // All of them count in one store: what is counted is part of the key.
    const check = (max: number | null, of: (request: FastifyRequest) => string): Check | undefined =>
      max === null ? undefined : app.createRateLimit({ max, timeWindow: MINUTE_MS, keyGenerator: of });
    const others = limits.callsPerMinute ?? (authenticated ? CALLS_WITH_TOKENS : null);
    Object.assign(checks, {
      gate: check(limits.gateCallsPerMinute, (request) => `gate ${callerOf(request)}`),
      other: check(others, (request) => `other ${callerOf(request)}`),
      refusals: check(limits.refusalsPerMinute, ({ ip }) => `refused ${ip}`),
    });
  });
  return {
    count: async (request, kind) => {
      const counted = await checks[kind]?.(request);
      if (counted?.isAllowed === false && counted.isExceeded) {
        throw limited(`more than ${counted.max} calls in a minute`, counted.ttl);
      }
    },
    mayBeTold: async (request) => {
      const counted = await checks.refusals?.(request);
      return !(counted?.isAllowed === false && counted.isExceeded);
    },
  };
}

export function limited(message: string, retryAfterMs = MINUTE_MS): OrchestratorError {
  return new OrchestratorError('LIMITED', `${message}; wait, or raise http.limits`, { retryAfterMs });
}

/** Several places with one token are one caller; many without one, behind one proxy, are as well. */
function callerOf({ principal, ip }: FastifyRequest): string {
  return principal === null || principal.kind === 'anonymous'
    ? `at ${ip}`
    : `${principal.kind} ${principal.name}`;
}

import { createHash } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';
import type { Clock } from '../../clock.ts';
import type { OidcConfig } from '../../config/config.ts';
import { OrchestratorError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { ALL_SCOPES, type Principal } from './principal.ts';

interface Deps {
  readonly oidc: OidcConfig;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface Verified {
  readonly principal: Principal;
  readonly until: number;
}

/** How long a token that was found good is not looked at again. */
const REMEMBERED_MS = 60_000;
const REMEMBERED = 1_000;
const ISSUER_TIMEOUT_MS = 5_000;
/** The keys of the issuer are asked for again after so long; one that nobody knows, at once, but no more often than this. */
const KEYS_MAX_AGE_MS = 10 * 60_000;
const KEYS_COOLDOWN_MS = 30_000;

/** JWTs of one OpenID Connect issuer. */
export class Jwts {
  readonly #deps: Deps;
  readonly #verified = new Map<string, Verified>();
  #keys: Promise<JWTVerifyGetKey> | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Whose token it is; null: it is none of this issuer, or not good any more. @throws UNAVAILABLE without keys. */
  async principalOf(token: string): Promise<Principal | null> {
    const { oidc, clock } = this.#deps;
    const hash = createHash('sha256').update(token).digest('base64');
    const remembered = this.#verified.get(hash);
    if (remembered !== undefined && remembered.until > clock.now()) return remembered.principal;
    this.#verified.delete(hash);

    const keys = await this.#keysOfIssuer();
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keys, {
        issuer: oidc.issuer,
        audience: [...oidc.audience],
        algorithms: [...oidc.algorithms],
        clockTolerance: Math.ceil(oidc.clockTolerance / 1_000),
        requiredClaims: ['exp'],
        currentDate: new Date(clock.now()),
      }));
    } catch (error) {
      // Whatever else is wrong is the token's own fault.
      if (error instanceof OrchestratorError) throw error;
      return null;
    }
    const principal = principalFrom(payload, oidc);
    if (principal === null) return null;
    const expires = (payload.exp ?? 0) * 1_000 + oidc.clockTolerance;
    this.#remember(hash, { principal, until: Math.min(expires, clock.now() + REMEMBERED_MS) });
    return principal;
  }

  #remember(hash: string, verified: Verified): void {
    const [oldest] = this.#verified.keys();
    if (this.#verified.size >= REMEMBERED && oldest !== undefined) this.#verified.delete(oldest);
    this.#verified.set(hash, verified);
  }

  #keysOfIssuer(): Promise<JWTVerifyGetKey> {
    this.#keys ??= this.#findKeys().catch((error: unknown) => {
      this.#keys = null;
      throw unavailable(error);
    });
    return this.#keys;
  }

  async #findKeys(): Promise<JWTVerifyGetKey> {
    const { oidc, logger, clock } = this.#deps;
    const remote = createRemoteJWKSet(new URL(oidc.jwksUri ?? (await discover(oidc.issuer))), {
      timeoutDuration: ISSUER_TIMEOUT_MS,
      cooldownDuration: KEYS_COOLDOWN_MS,
      cacheMaxAge: KEYS_MAX_AGE_MS,
    });
    let tryAgainAt = -Infinity;
    return async (header, token) => {
      const last = remote.jwks();
      if (last !== undefined && clock.monotonic() < tryAgainAt) return createLocalJWKSet(last)(header, token);
      try {
        return await remote(header, token);
      } catch (error) {
        if (isOfToken(error)) throw error;
        if (last === undefined) throw unavailable(error);
        // An issuer that is away must not stop the consumers: the keys it had are still the best there is.
        tryAgainAt = clock.monotonic() + KEYS_COOLDOWN_MS;
        logger.warn(
          { event: 'issuer_unreachable', err: error },
          'the issuer does not give its keys: those it gave last count',
        );
        return createLocalJWKSet(last)(header, token);
      }
    };
  }
}

async function discover(issuer: string): Promise<string> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
  });
  const { jwks_uri: uri } = (await response.json()) as { jwks_uri?: unknown };
  if (typeof uri !== 'string') throw new Error(`the issuer answers ${response.status} without a jwks_uri`);
  return uri;
}

/** Null where nobody is named. */
function principalFrom(payload: JWTPayload, oidc: OidcConfig): Principal | null {
  const name = claimOf(payload, oidc.nameClaim);
  if (typeof name !== 'string' || name === '') return null;
  const claimed = claimOf(payload, oidc.scopeClaim);
  const values: unknown[] =
    typeof claimed === 'string' ? claimed.split(' ') : Array.isArray(claimed) ? claimed : [];
  const scopes = ALL_SCOPES.filter((scope) => oidc.scopes[scope].some((value) => values.includes(value)));
  return { name: name.slice(0, 200), kind: 'jwt', scopes };
}

/** A claim by its name, or by the way to it. Names may hold dots themselves: `https://example.com/roles`. */
function claimOf(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, name)
          ? (at as Record<string, unknown>)[name]
          : undefined,
      payload,
    );
}

/** The keys are there, and none of them is the token's. */
function isOfToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
}

function unavailable(error: unknown): OrchestratorError {
  if (error instanceof OrchestratorError) return error;
  return new OrchestratorError('UNAVAILABLE', 'the issuer of the token does not give its keys', {
    cause: error,
    retryAfterMs: 5_000,
  });
}

import type { Clock } from '../../clock.ts';
import type { Component } from '../../component.ts';
import type { HttpConfig } from '../../config/config.ts';
import { OrchestratorError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { Jwts } from './jwts.ts';
import { ALL_SCOPES, anonymous, type Principal } from './principal.ts';
import { Tokens } from './tokens.ts';

interface Deps {
  readonly auth: HttpConfig['auth'];
  readonly logger: Logger;
  readonly clock: Clock;
}

export type AuthenticationKind = 'none' | 'tokens' | 'oidc' | 'tokens and oidc';

const ANYBODY = anonymous(ALL_SCOPES);

/** Finds out who calls. */
export class Authentication implements Component {
  readonly kind: AuthenticationKind;
  readonly protectMetrics: boolean;
  readonly #deps: Deps;
  readonly #tokens: Tokens | null;
  readonly #jwts: Jwts | null;

  constructor(deps: Deps) {
    const { auth, logger, clock } = deps;
    const settings = auth === 'none' ? null : auth;
    this.#deps = deps;
    this.protectMetrics = settings?.protectMetrics ?? false;
    const tokens = settings?.tokens ?? [];
    this.#tokens = tokens.length > 0 ? new Tokens({ tokens, logger, clock }) : null;
    const oidc = settings?.oidc ?? null;
    this.#jwts = oidc === null ? null : new Jwts({ oidc, logger, clock });
    const kinds = [this.#tokens && 'tokens', this.#jwts && 'oidc'].filter((kind) => kind !== null);
    this.kind = kinds.length === 0 ? 'none' : (kinds.join(' and ') as AuthenticationKind);
  }

  async start(): Promise<void> {
    const { auth, logger } = this.#deps;
    if (this.kind === 'none') {
      logger[auth === null ? 'warn' : 'info'](
        { event: 'no_authentication' },
        'the HTTP API is open: whoever reaches it may read keys, and release, park and discard messages. ' +
          'Set http.auth, or say that this is meant with http.auth: none',
      );
    }
    await this.#tokens?.start();
  }

  async stop(): Promise<void> {
    await this.#tokens?.stop();
  }

  /**
   * Who comes with this `Authorization` header.
   *
   * @throws UNAUTHENTICATED; UNAVAILABLE where the issuer of a JWT can't be asked for its keys.
   */
  async principalOf(header: string | undefined): Promise<Principal> {
    if (this.kind === 'none') return ANYBODY;
    if (header === undefined) throw refused('this needs a token: send Authorization: Bearer …');
    const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
    if (token === undefined) throw refused('the Authorization header is not Bearer with a token');
    const known = (await this.#tokens?.principalOf(token)) ?? null;
    if (known !== null) return known;
    // Anything else than three parts is no JWT.
    const jwt = token.split('.').length === 3 ? ((await this.#jwts?.principalOf(token)) ?? null) : null;
    if (jwt !== null) return jwt;
    throw refused('the token is not known, or not good any more');
  }
}

function refused(message: string): OrchestratorError {
  return new OrchestratorError('UNAUTHENTICATED', message);
}

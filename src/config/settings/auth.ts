import type { Schema } from '../schema.ts';

/** `http.auth`. The parts of a token are in `tokenSettings`. */
export const authSettings = {
  tokens: {
    format: 'token list',
    doc: 'Bearer tokens: a list of `{name, scopes, file}` or `{name, scopes, env}`. Several may have one name, so that they can be rotated.',
    default: [],
  },
  oidc: {
    issuer: {
      format: 'web url',
      nullable: true,
      doc: 'Who issues JWTs that are let in: the `iss` claim to the letter. Without it no JWT is.',
      default: null,
    },
    audience: {
      format: 'text list',
      nullable: true,
      doc: 'What the `aud` claim must name one of. Required with `issuer`: else a token made for any other service would do.',
      default: null,
    },
    jwksUri: {
      format: 'web url',
      nullable: true,
      doc: 'Where the keys of the issuer are.',
      default: null,
      defaultDoc: '`jwks_uri` of `<issuer>/.well-known/openid-configuration`',
    },
    algorithms: {
      format: 'jwt algorithm list',
      doc: 'The signatures that are taken. Only those with a public key: a shared secret is a token.',
      default: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    },
    clockTolerance: {
      format: 'duration',
      doc: 'How far the clocks of issuer and service may be apart.',
      default: '30s',
    },
    nameClaim: {
      format: 'claim',
      doc: 'The claim that names the caller in the audit.',
      default: 'sub',
    },
    scopeClaim: {
      format: 'claim',
      doc: 'The claim that says what they may: a list, or text with spaces. Dots lead into objects, as in `realm_access.roles`.',
      default: 'scope',
    },
    scopes: {
      gate: { format: 'text list', doc: 'Values of that claim that give `gate`.', default: ['gate'] },
      read: { format: 'text list', doc: 'The same for `read`.', default: ['read'] },
      operate: { format: 'text list', doc: 'The same for `operate`.', default: ['operate'] },
    },
  },
  protectMetrics: {
    format: 'boolean',
    doc: '`/metrics` needs the scope `read`. Otherwise it is open, like `/livez`, `/readyz`, `/openapi.json` and `/docs`.',
    default: false,
  },
} satisfies Schema;

/** An entry of `http.auth.tokens`. */
export const tokenSettings = {
  name: { format: 'token name', doc: 'Who calls with it, in the audit.', default: null },
  scopes: {
    format: 'scope list',
    doc: '`gate`: the calls of consumers. `read`: to look. `operate`: to act, and to look.',
    default: null,
  },
  file: {
    format: 'path',
    nullable: true,
    doc: 'A file with the token, or several, one a line. It is read again while the service runs.',
    default: null,
  },
  env: {
    format: 'variable name',
    nullable: true,
    doc: 'Instead of `file`: the environment variable that holds the token.',
    default: null,
  },
} satisfies Schema;

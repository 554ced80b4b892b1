import { readFileSync } from 'node:fs';
import type { AuthConfig, GrantedScope, HttpConfig, OidcConfig, TokenConfig } from './config.ts';
import { type Reading, readSection } from './read-section.ts';
import type { ValuesOf } from './schema.ts';
import { authSettings, tokenSettings } from './settings/auth.ts';
import { tokensIn } from './token-text.ts';

const PATH = 'http.auth';

/** Reads `http.auth`. Like `readSection`: only to be used when no problem was reported. */
export function readAuth(
  written: 'none' | Readonly<Record<string, unknown>> | null | undefined,
  environment: string | null | undefined,
  reading: Reading,
): HttpConfig['auth'] {
  if (written === 'none') return written;
  // Undefined where it could not be read, whatever the type says: that was told already.
  if (written === undefined) return null;
  if (written === null) {
    if (environment === 'production') {
      reading.problem(
        PATH,
        'is required in production: who may call; write "none" to let everybody in all the same',
      );
    }
    return null;
  }
  const values = readSection(authSettings, written, PATH, reading);
  const { tokens: entries, protectMetrics } = values;
  // Undefined where it is no list, whatever the type says.
  const tokens = ((entries as readonly unknown[] | undefined) ?? []).map((entry, index) =>
    readToken(entry, `${PATH}.tokens[${index}]`, reading),
  );
  const oidc = readOidc(values.oidc, reading);
  if (tokens.length === 0 && oidc === null) {
    reading.problem(PATH, 'lets nobody in; give tokens or oidc.issuer, or write "none" to let everybody in');
  }
  return { tokens, oidc, protectMetrics } satisfies AuthConfig;
}

function readToken(entry: unknown, path: string, reading: Reading): TokenConfig {
  const { name, scopes, file, env } = readSection(tokenSettings, entry, path, reading);
  const common = { name, scopes: scopes as readonly GrantedScope[] };
  if ((file === null) === (env === null)) {
    reading.problem(
      path,
      'needs either `file` or `env`: where the token is. The token itself does not belong here',
    );
  }
  if (env !== null) {
    const value = reading.env[env] ?? '';
    if (env) refuseUnusable(value, `${path}.env`, `the environment variable ${env}`, reading);
    return { ...common, source: { kind: 'variable', name: env, value } };
  }
  if (file) {
    try {
      refuseUnusable(readFileSync(file, 'utf8'), `${path}.file`, file, reading);
    } catch (error) {
      reading.problem(`${path}.file`, `can't be read: ${(error as Error).message}`);
    }
  }
  return { ...common, source: { kind: 'file', path: file ?? '' } };
}

function refuseUnusable(content: string, path: string, where: string, reading: Reading): void {
  const { tokens, refused } = tokensIn(content);
  if (tokens.length > 0 && refused === 0) return;
  const found = refused > 0 ? `holds a token that can't be used` : 'holds no token';
  reading.problem(
    path,
    `${where} ${found}; put 16 or more characters there, as \`openssl rand -hex 32\` makes them`,
  );
}

function readOidc(values: ValuesOf<typeof authSettings>['oidc'], reading: Reading): OidcConfig | null {
  const { issuer, audience } = values;
  if (issuer === null) {
    const given = audience !== null || values.jwksUri !== null;
    if (given) reading.problem(`${PATH}.oidc.issuer`, 'is required: who issues the tokens');
    return null;
  }
  if (audience === null) {
    reading.problem(
      `${PATH}.oidc.audience`,
      'is required with issuer: without it a token made for any other service would do',
    );
  }
  return { ...values, issuer, audience: audience ?? [] };
}

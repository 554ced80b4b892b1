import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import type { OidcConfig } from '../../../../src/config/config.ts';
import { Jwts } from '../../../../src/http/auth/jwts.ts';
import { createLogger } from '../../../../src/logger.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

interface Signer {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** An issuer that answers, until it is told to be away. */
let server: Server;
let issuer: string;
let published: JWK[];
let away: boolean;
let asked: number;
let clock: FakeClock;

beforeEach(async () => {
  published = [];
  away = false;
  asked = 0;
  clock = new FakeClock(Date.now());
  server = createServer((request, response) => {
    asked++;
    if (away) {
      response.writeHead(503).end();
      return;
    }
    const description = { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? { keys: published } : description));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function signer(kid: string, algorithm = 'ES256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm);
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm } };
}

function jwts(oidc: Partial<OidcConfig> = {}): Jwts {
  return new Jwts({
    oidc: {
      issuer,
      audience: ['retries'],
      jwksUri: null,
      algorithms: ['ES256'],
      clockTolerance: 30_000,
      nameClaim: 'sub',
      scopeClaim: 'scope',
      scopes: { gate: ['gate'], read: ['read'], operate: ['operate'] },
      ...oidc,
    },
    logger: createLogger('silent'),
    clock,
  });
}

const ANNE: JWTPayload = { sub: 'anne', aud: 'retries', scope: 'openid read operate' };

function sign(by: Signer, claims: JWTPayload = ANNE, expiresInS = 600): Promise<string> {
  const now = Math.floor(clock.now() / 1_000);
  return new SignJWT({ iss: issuer, exp: now + expiresInS, ...claims })
    .setProtectedHeader({ alg: by.jwk.alg ?? '', kid: by.jwk.kid ?? '' })
    .sign(by.privateKey);
}

test('whoever the issuer vouches for is let in by the name and the scopes of the token', async () => {
  const key = await signer('one');
  published = [key.jwk];
  expect(await jwts().principalOf(await sign(key))).toEqual({
    name: 'anne',
    kind: 'jwt',
    scopes: ['read', 'operate'],
  });
});

test('scopes are taken from a list, deep down, under the names of the issuer', async () => {
  const key = await signer('one');
  published = [key.jwk];
  const roles = jwts({
    nameClaim: 'preferred_username',
    scopeClaim: 'realm_access.roles',
    scopes: { gate: ['service'], read: ['staff', 'sre'], operate: ['sre'] },
  });
  const claims = { ...ANNE, preferred_username: 'anne.k', realm_access: { roles: ['sre', 'other'] } };
  expect(await roles.principalOf(await sign(key, claims))).toEqual({
    name: 'anne.k',
    kind: 'jwt',
    scopes: ['read', 'operate'],
  });
  // Who is known and may nothing is told that, not that they are unknown.
  expect(await roles.principalOf(await sign(key, { ...claims, realm_access: 'sre' }))).toMatchObject({
    scopes: [],
  });
});

describe('refused is a token', () => {
  test.each<[what: string, claims: JWTPayload, expiresIn: number]>([
    ['of another issuer', { ...ANNE, iss: 'https://elsewhere.example' }, 600],
    ['for another service', { ...ANNE, aud: 'payments' }, 600],
    ['for nobody', { sub: 'anne', scope: 'read' }, 600],
    ['that has expired', ANNE, -31],
    ['that is not good yet', { ...ANNE, nbf: Math.floor(Date.now() / 1_000) + 3_600 }, 600],
    ['that names nobody', { aud: 'retries', scope: 'read' }, 600],
  ])('%s', async (_what, claims, expiresIn) => {
    const key = await signer('one');
    published = [key.jwk];
    expect(await jwts().principalOf(await sign(key, claims, expiresIn))).toBeNull();
  });

  test('signed by somebody else, in another way, or not at all', async () => {
    const [key, other, rsa] = await Promise.all([signer('one'), signer('one'), signer('rsa', 'RS256')]);
    published = [key.jwk, rsa.jwk];
    const good = await sign(key);
    const [, body = '', signature = ''] = good.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const hmac = await new SignJWT({ iss: issuer, exp: 2 ** 33, ...ANNE })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(Buffer.from(JSON.stringify(key.jwk)));
    const bad = [
      await sign(other),
      await sign(rsa),
      `${none}.${body}.`,
      `${none}.${body}.${signature}`,
      hmac,
      'a.b.c',
      '..',
      good.slice(0, -2),
    ];
    const all = jwts();
    for (const token of bad) expect(await all.principalOf(token)).toBeNull();
    expect(await all.principalOf(good)).not.toBeNull();
  });
});

test('a good token is remembered, and no longer than it is good', async () => {
  const key = await signer('one');
  published = [key.jwk];
  const all = jwts();
  const token = await sign(key, ANNE, 20);
  expect(await all.principalOf(token)).not.toBeNull();
  await clock.advance(49_000);
  expect(await all.principalOf(token)).not.toBeNull();
  await clock.advance(2_000);
  expect(await all.principalOf(token)).toBeNull();
});

test('a key that the issuer is new to is asked for', async () => {
  const [key, next] = await Promise.all([signer('one'), signer('two')]);
  published = [key.jwk];
  const all = jwts();
  await all.principalOf(await sign(key));
  const before = asked;
  await all.principalOf(await sign(key, { ...ANNE, sub: 'bert' }));
  expect(asked).toBe(before);
  published = [next.jwk];
  expect(await all.principalOf(await sign(next))).toBeNull(); // asked a moment ago
});

test('an issuer that never answered is not taken for a bad token', async () => {
  away = true;
  const key = await signer('one');
  const all = jwts();
  await expect(all.principalOf(await sign(key))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  away = false;
  published = [key.jwk];
  expect(await all.principalOf(await sign(key))).not.toBeNull();
});

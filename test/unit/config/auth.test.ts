import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { HttpConfig } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';

const TOKEN = 'a-token-of-the-operators';
const ENV = { OPS_TOKEN: TOKEN, SHORT: 'hush', SPACED: 'two words are none' };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'auth-'));
  writeFileSync(join(directory, 'token'), `${TOKEN}\n`);
  writeFileSync(join(directory, 'empty'), '# nothing yet\n');
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** `auth` in YAML; `@` stands for the directory of the token files. */
function load(auth: string, more = ''): HttpConfig['auth'] {
  const path = join(directory, 'config.yaml');
  const route = '{ name: orders, topic: orders, consumerGroup: orders-service }';
  writeFileSync(path, `http: { auth: ${auth.replaceAll('@', directory)} }\nroutes: [${route}]\n${more}\n`);
  return loadConfig(path, ENV).http.auth;
}

function problemsOf(auth: string, more = ''): readonly string[] {
  try {
    load(auth, more);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

test('nothing, and nothing on purpose, are told apart', () => {
  expect(load('null')).toBeNull();
  expect(load('none')).toBe('none');
});

test('in production it has to be said', () => {
  expect(problemsOf('null', 'environment: production')).toEqual([
    expect.stringContaining('http.auth: is required in production'),
  ]);
  expect(problemsOf('none', 'environment: production')).toEqual([]);
  expect(problemsOf('null', 'environment: staging')).toEqual([]);
});

test('tokens come from files and from the environment', () => {
  expect(
    load(
      '{ tokens: [{ name: ops, scopes: [operate], file: @/token }, { name: ops, scopes: [gate, read], env: OPS_TOKEN }] }',
    ),
  ).toEqual({
    tokens: [
      { name: 'ops', scopes: ['operate'], source: { kind: 'file', path: join(directory, 'token') } },
      {
        name: 'ops',
        scopes: ['gate', 'read'],
        source: { kind: 'variable', name: 'OPS_TOKEN', value: TOKEN },
      },
    ],
    oidc: null,
    protectMetrics: false,
  });
});

test('an issuer needs little more than its name', () => {
  expect(
    load(
      '{ oidc: { issuer: "https://login.example.com", audience: [retries], scopes: { operate: [sre] } } }',
    ),
  ).toEqual({
    tokens: [],
    oidc: {
      issuer: 'https://login.example.com',
      audience: ['retries'],
      jwksUri: null,
      algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      clockTolerance: 30_000,
      nameClaim: 'sub',
      scopeClaim: 'scope',
      scopes: { gate: ['gate'], read: ['read'], operate: ['sre'] },
    },
    protectMetrics: false,
  });
});

describe('a problem', () => {
  test.each([
    ['yes', 'http.auth: is neither "none" nor a map with tokens or oidc'],
    [`[${TOKEN}]`, 'http.auth: is neither "none" nor a map'],
    ['{}', 'http.auth: lets nobody in'],
    ['{ token: [] }', 'http.auth.token: unknown setting; the nearest known one is "tokens"'],
    ['{ tokens: ops }', 'http.auth.tokens: is not a list'],
    [
      '{ tokens: [{ name: ops, scopes: [operate], env: GONE }] }',
      'http.auth.tokens[0].env: the environment variable GONE holds no token',
    ],
    [
      '{ tokens: [{ name: ops, scopes: [operate], env: SHORT }] }',
      "SHORT holds a token that can't be used; put 16 or more",
    ],
    [
      '{ tokens: [{ name: ops, scopes: [operate], env: SPACED }] }',
      "SPACED holds a token that can't be used",
    ],
    ['{ tokens: [{ name: ops, scopes: [operate], file: @/empty }] }', 'empty holds no token'],
    [
      '{ tokens: [{ name: ops, scopes: [operate], file: @/gone }] }',
      "http.auth.tokens[0].file: can't be read: ENOENT",
    ],
    ['{ tokens: [{ name: ops, scopes: [operate] }] }', 'http.auth.tokens[0]: needs either `file` or `env`'],
    [
      '{ tokens: [{ name: ops, scopes: [operate], env: OPS_TOKEN, file: @/token }] }',
      'needs either `file` or `env`',
    ],
    [
      '{ tokens: [{ name: ops, scopes: [admin], env: OPS_TOKEN }] }',
      '"admin" is not one of gate, read, operate',
    ],
    ['{ tokens: [{ scopes: [read], env: OPS_TOKEN }] }', 'http.auth.tokens[0].name: is required'],
    [
      `{ tokens: [{ name: ops, scopes: [read], token: ${TOKEN} }] }`,
      'http.auth.tokens[0].token: unknown setting',
    ],
    ['{ oidc: { audience: [a] } }', 'http.auth.oidc.issuer: is required'],
    ['{ oidc: { issuer: "https://a.example" } }', 'http.auth.oidc.audience: is required'],
    ['{ oidc: { issuer: a.example, audience: [a] } }', 'http.auth.oidc.issuer: is not a URL'],
    [
      '{ oidc: { issuer: "https://a.example", audience: [a], algorithms: [HS256] } }',
      '"HS256" is not one of RS256',
    ],
    [
      '{ oidc: { issuer: "https://a.example", audience: [a], algorithms: [none] } }',
      '"none" is not one of RS256',
    ],
  ])('of %s', (auth, problem) => {
    const problems = problemsOf(auth);
    expect(problems).toContainEqual(expect.stringContaining(problem));
    expect(problems.join('\n')).not.toContain(TOKEN);
  });
});

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { TokenConfig } from '../../../../src/config/config.ts';
import { Tokens } from '../../../../src/http/auth/tokens.ts';
import { createLogger } from '../../../../src/logger.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { waitFor } from '../../../support/wait-for.ts';

const FIRST = 'first-token-0123456789';
const SECOND = 'second-token-0123456789';

let directory: string;
let lines: Record<string, unknown>[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tokens-'));
  lines = [];
});
afterEach(() => rm(directory, { recursive: true }));

function fileToken(name = 'ops'): TokenConfig {
  return { name, scopes: ['operate'], source: { kind: 'file', path: join(directory, 'token') } };
}

/** As an operator of Kubernetes does it: the file is another one at once. */
async function write(content: string): Promise<void> {
  await writeFile(join(directory, 'next'), content);
  await rename(join(directory, 'next'), join(directory, 'token'));
}

async function started(...tokens: TokenConfig[]): Promise<{ tokens: Tokens; clock: FakeClock }> {
  const clock = new FakeClock();
  const logger = createLogger('info', {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const all = new Tokens({ tokens, logger, clock });
  await all.start();
  return { tokens: all, clock };
}

test('a token is its owner, from a file or from a variable, and nobody else', async () => {
  await write(`# rotated in May\n${FIRST}\r\n\n  ${SECOND}  \n`);
  const variable: TokenConfig = {
    name: 'orders',
    scopes: ['gate'],
    source: { kind: 'variable', name: 'TOKEN', value: 'of-the-environment-1' },
  };
  const { tokens } = await started(fileToken(), variable);
  const ops = { name: 'ops', kind: 'token', scopes: ['operate'] };
  expect(await tokens.principalOf(FIRST)).toEqual(ops);
  expect(await tokens.principalOf(SECOND)).toEqual(ops);
  expect(await tokens.principalOf('of-the-environment-1')).toMatchObject({ name: 'orders' });
  for (const other of ['', '# rotated in May', FIRST.slice(1), `${FIRST}x`, FIRST.toUpperCase()]) {
    expect(await tokens.principalOf(other)).toBeNull();
  }
  await tokens.stop();
});

test('a token is rotated without a restart: the new one is good at once, the old one bad soon after', async () => {
  await write(FIRST);
  const { tokens, clock } = await started(fileToken());
  await write(SECOND);
  await clock.advance(1_000);
  expect(await tokens.principalOf(FIRST)).not.toBeNull();
  expect(await tokens.principalOf(SECOND)).not.toBeNull();
  expect(await tokens.principalOf(FIRST)).toBeNull();

  await write(FIRST);
  await clock.advance(5_000);
  await waitFor('the file to be read again', async () => (await tokens.principalOf(SECOND)) === null);
  await tokens.stop();
});

test('who guesses does not make the file be read at each try', async () => {
  let reads = 0;
  const clock = new FakeClock();
  const tokens = new Tokens({
    tokens: [fileToken()],
    logger: createLogger('silent'),
    clock,
    read: () => Promise.resolve(`${FIRST}${String(reads++)}`),
  });
  await tokens.start();
  for (let guess = 0; guess < 100; guess++) await tokens.principalOf(`guess-number-${String(guess)}`);
  expect(reads).toBe(1);
  await tokens.stop();
});

test('a file that is away for a moment takes nobody the right, and is told once', async () => {
  await write(FIRST);
  const { tokens, clock } = await started(fileToken());
  await rm(join(directory, 'token'));
  for (let again = 0; again < 3; again++) {
    await clock.advance(1_000);
    await tokens.principalOf('a-token-of-nobody');
  }
  expect(await tokens.principalOf(FIRST)).not.toBeNull();
  expect(lines.map(({ event }) => event)).toEqual(['token_file_unusable']);

  // Emptied on purpose: then nobody is meant.
  await write('');
  await clock.advance(1_000);
  await tokens.principalOf('a-token-of-nobody');
  expect(await tokens.principalOf(FIRST)).toBeNull();
  expect(JSON.stringify(lines)).not.toContain(FIRST);
  await tokens.stop();
});

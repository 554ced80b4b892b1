import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Clock } from '../../clock.ts';
import type { Environment } from '../../config/read-section.ts';
import type { Terminal } from '../output/terminal.ts';
import { ApiClient } from './client.ts';
import { CommandError, EXIT } from './command-error.ts';

const DEFAULT_URL = 'http://localhost:8080';

/** What the commands work with. */
export interface CommandDeps {
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  /** A new name for a request, never used before. */
  readonly nonce: () => string;
}

export interface ConnectionOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: true;
}

/** The options that every command of the API takes. */
export function withConnection(command: Command): Command {
  return command
    .option('--url <url>', `where the service is (RETRY_ORCHESTRATOR_URL; ${DEFAULT_URL})`)
    .option('--token-file <file>', 'a file with the token (or the token itself in RETRY_ORCHESTRATOR_TOKEN)')
    .option('--json', 'print the answer as JSON');
}

/** @throws CommandError */
export function connect({ env, fetch }: CommandDeps, { url, tokenFile }: ConnectionOptions): ApiClient {
  return new ApiClient({
    url: url ?? set(env['RETRY_ORCHESTRATOR_URL']) ?? DEFAULT_URL,
    token: tokenFile === undefined ? (set(env['RETRY_ORCHESTRATOR_TOKEN']) ?? null) : tokenIn(tokenFile),
    fetch,
  });
}

/** An empty variable is one that is not set. */
function set(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** Files of tokens may hold several for rotation, and remarks: the last one is the newest. */
function tokenIn(file: string): string {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(EXIT.usage, `the token file can't be read: ${(error as Error).message}`);
  }
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  const token = lines.filter((line) => line !== '' && !line.startsWith('#')).at(-1);
  if (token === undefined) throw new CommandError(EXIT.usage, `there is no token in ${file}`);
  return token;
}

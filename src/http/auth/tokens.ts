import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock, Timer } from '../../clock.ts';
import type { Component } from '../../component.ts';
import type { TokenConfig } from '../../config/config.ts';
import { tokensIn } from '../../config/token-text.ts';
import type { Logger } from '../../logger.ts';
import type { Principal } from './principal.ts';

interface Deps {
  readonly tokens: readonly TokenConfig[];
  readonly logger: Logger;
  readonly clock: Clock;
  readonly read?: (path: string) => Promise<string>;
}

interface Known {
  readonly hash: Buffer;
  readonly principal: Principal;
}

/** A token that was taken out of its file is refused after so long at the latest. */
const REREAD_MS = 5_000;
/** One that is not known may have been put there just now; but who guesses must not keep the disk busy. */
const REREAD_AT_MOST_EVERY_MS = 1_000;

/**
 * The bearer tokens of the configuration. Files are read again and again: mounted secrets change behind symbolic links,
 * which no watcher sees, and they are small.
 */
export class Tokens implements Component {
  readonly #deps: Deps;
  readonly #read: (path: string) => Promise<string>;
  /** By the place of the entry in the configuration. */
  readonly #known: Known[][];
  readonly #complaints = new Map<string, string>();
  #rereading: Promise<void> | null = null;
  #readAt = -Infinity;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#read = deps.read ?? ((path) => readFile(path, 'utf8'));
    this.#known = deps.tokens.map(({ source, ...entry }) =>
      source.kind === 'variable' ? known(entry, tokensIn(source.value).tokens) : [],
    );
  }

  async start(): Promise<void> {
    await this.#reread();
    this.#again();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#rereading;
  }

  /** Whose token it is; null: nobody's. */
  async principalOf(token: string): Promise<Principal | null> {
    const found = this.#find(token);
    if (found !== null || this.#stopped) return found;
    if (this.#deps.clock.monotonic() - this.#readAt < REREAD_AT_MOST_EVERY_MS) return null;
    await this.#reread();
    return this.#find(token);
  }

  /** Always looks at all of them, and compares hashes: the time it takes tells nothing about any of them. */
  #find(token: string): Principal | null {
    const given = hashOf(token);
    let found: Principal | null = null;
    for (const entry of this.#known) {
      for (const { hash, principal } of entry) {
        if (timingSafeEqual(hash, given)) found = principal;
      }
    }
    return found;
  }

  #again(): void {
    if (this.#stopped || this.#deps.tokens.every(({ source }) => source.kind !== 'file')) return;
    this.#timer = this.#deps.clock.after(
      REREAD_MS,
      () => {
        void this.#reread().then(() => {
          this.#again();
        });
      },
      { unref: true },
    );
  }

  #reread(): Promise<void> {
    this.#rereading ??= this.#readAll().finally(() => {
      this.#rereading = null;
    });
    return this.#rereading;
  }

  async #readAll(): Promise<void> {
    this.#readAt = this.#deps.clock.monotonic();
    await Promise.all(
      this.#deps.tokens.map(async ({ source, ...entry }, index) => {
        if (source.kind !== 'file') return;
        try {
          const { tokens, refused } = tokensIn(await this.#read(source.path));
          this.#known[index] = known(entry, tokens);
          this.#complain(source.path, refused > 0 || tokens.length === 0 ? 'it holds no usable token' : null);
        } catch (error) {
          // What was read last goes on to count: a mount that is renewed is away for a moment.
          this.#complain(source.path, (error as Error).message);
        }
      }),
    );
  }

  /** Once for each change: it is looked at every few seconds. */
  #complain(path: string, complaint: string | null): void {
    if (complaint === (this.#complaints.get(path) ?? null)) return;
    if (complaint === null) {
      this.#complaints.delete(path);
      this.#deps.logger.info({ event: 'token_file_read', path }, 'a token file can be read again');
      return;
    }
    this.#complaints.set(path, complaint);
    this.#deps.logger.warn({ event: 'token_file_unusable', path, error: complaint }, 'check a token file');
  }
}

function known({ name, scopes }: Omit<TokenConfig, 'source'>, tokens: readonly string[]): Known[] {
  const principal: Principal = { name, kind: 'token', scopes };
  return tokens.map((token) => ({ hash: hashOf(token), principal }));
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

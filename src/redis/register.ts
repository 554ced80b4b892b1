import type { Redis } from 'ioredis';
import { readExceedingScript, runScript } from './define-script.ts';
import type { Script } from './define-script.ts';
import { unanswered } from './failure.ts';

/** A value with its version; version 0: nobody has written one. */
export interface Versioned {
  readonly version: number;
  readonly text: string;
}

const replace: Script<{ expected: number; next: Versioned }, boolean> = {
  name: 'register',
  lua: readExceedingScript(new URL('./lua/', import.meta.url), [], 'register.lua'),
  argv: ({ expected, next }) => [expected, next.version, next.text],
  decode: (reply) => reply === 1,
};

interface Deps {
  readonly servers: { serverOf(key: string): { readonly connection: { readonly redis: Redis } } };
  readonly key: string;
}

/** A small value that all replicas read, and that each of them replaces only if it is still the one that it has read. */
export class Register {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async read(): Promise<Versioned> {
    const [version, text] = await this.#redis().hmget(this.#deps.key, 'version', 'text').catch(unanswered);
    return { version: Number(version ?? 0), text: text ?? '' };
  }

  /** False: somebody else was first. @throws UNAVAILABLE, as `read` does. */
  replace(expected: number, next: Versioned): Promise<boolean> {
    return runScript(this.#redis(), replace, [this.#deps.key], { expected, next }).catch(unanswered);
  }

  #redis(): Redis {
    return this.#deps.servers.serverOf(this.#deps.key).connection.redis;
  }
}

import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../src/clock.ts';
import { Terminal } from '../../src/commands/output/terminal.ts';
import { createProgram, runProgram } from '../../src/commands/program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Where {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly env?: Readonly<Record<string, string>>;
  /** What somebody at a terminal types; without it there is no terminal. */
  readonly typed?: string;
}

/** Runs a command line as src/cli.ts does, with nothing of this process. */
export async function runCommand(argv: readonly string[], where: Where): Promise<Ran> {
  const written = { out: '', err: '' };
  const isTTY = where.typed !== undefined;
  const deps = {
    env: where.env ?? {},
    terminal: new Terminal({
      stdin: Object.assign(Readable.from(where.typed === undefined ? [] : [where.typed]), { isTTY }),
      stdout: { write: (text: string) => (written.out += text) },
      stderr: { isTTY, write: (text: string) => (written.err += text) },
      noColor: true,
    }),
    clock: where.clock,
    fetch: where.fetch,
    nonce: () => 'nonce-1',
  };
  const code = await runProgram(
    createProgram(deps, () => undefined),
    argv,
    deps,
  );
  return { code, ...written };
}

/** Asks an app without a port. */
export function fetchFrom(app: FastifyInstance): typeof globalThis.fetch {
  return async (input, init) => {
    const { pathname, search } = new URL(input);
    const { statusCode, body } = await app.inject({
      method: (init?.method ?? 'GET') as 'GET',
      url: pathname + search,
      headers: init?.headers as Record<string, string>,
      ...(init?.body === undefined ? {} : { payload: init.body as string }),
    });
    return new Response(body, { status: statusCode });
  };
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A service that answers as it is told, by `METHOD /path`, and remembers what it was asked. */
export class ScriptedApi {
  readonly asked: Asked[] = [];
  readonly #answers: Readonly<Record<string, object | (() => object)>>;

  /** An answer with `code` is a refusal, by its `status`. */
  constructor(answers: Readonly<Record<string, object | (() => object)>>) {
    this.#answers = answers;
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname, search } = new URL(input);
    const method = init?.method ?? 'GET';
    const body = init?.body === undefined ? undefined : (JSON.parse(init.body as string) as unknown);
    const headers = (init?.headers ?? {}) as Record<string, string>;
    this.asked.push({ method, path: pathname + search, headers, body });
    const found = this.#answers[`${method} ${pathname}`];
    const answer: object | undefined = typeof found === 'function' ? (found as () => object)() : found;
    if (answer === undefined) {
      return Response.json(
        { code: 'UNKNOWN_ROUTE', message: 'there is no such path', retryable: false },
        { status: 404 },
      );
    }
    const { status = 200, ...rest } = answer as { status?: number | string };
    return typeof status === 'number' ? Response.json(rest, { status }) : Response.json(answer);
  };
}

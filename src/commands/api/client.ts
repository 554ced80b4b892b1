import { CommandError, EXIT, type ExitCode } from './command-error.ts';

interface ClientOptions {
  /** Where the service is, without a path or with the one that a proxy puts before it. */
  readonly url: string;
  readonly token: string | null;
  readonly fetch: typeof globalThis.fetch;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The HTTP API, for the commands. */
export class ApiClient {
  readonly #options: ClientOptions;

  /** @throws CommandError where the URL is none. */
  constructor(options: ClientOptions) {
    const { url } = options;
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      throw new CommandError(EXIT.usage, `${url} is not a URL like http://localhost:8080; see --url`);
    }
    this.#options = { ...options, url: url.replace(/\/+$/, '') };
  }

  /** The answer's JSON. @throws CommandError */
  get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    const asked = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(
      asked.map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    return this.#ask<Answer>('GET', search === '' ? path : `${path}?${search}`, {});
  }

  /** With an `idempotencyKey`, the same call again has no second effect. */
  post<Answer>(path: string, body: object, idempotencyKey?: string): Promise<Answer> {
    const more = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return this.#tell('POST', path, body, more);
  }

  put<Answer>(path: string, body: object): Promise<Answer> {
    return this.#tell('PUT', path, body);
  }

  #tell<Answer>(
    method: string,
    path: string,
    body: object,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...more };
    return this.#ask<Answer>(method, path, { headers, body: JSON.stringify(body) });
  }

  async #ask<Answer>(
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const { url, token, fetch } = this.#options;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers: { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
        ...(body === undefined ? {} : { body }),
        // A proxy that sends the token elsewhere is none of ours.
        redirect: 'error',
      });
      text = await response.text();
    } catch (error) {
      throw new CommandError(
        EXIT.unreachable,
        `${url} does not answer (${reasonOf(error)}). Is it running there? Say where by --url or RETRY_ORCHESTRATOR_URL`,
        { cause: error },
      );
    }
    const answer = parse(text);
    if (response.ok && answer !== undefined) return answer as Answer;
    throw refusal(url, response.status, answer);
  }
}

/** A key as a part of a path. */
export function inPath(part: string): string {
  return encodeURIComponent(part);
}

function refusal(url: string, status: number, answer: unknown): CommandError {
  const { code, message } = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<
    string,
    unknown
  >;
  if (typeof code !== 'string' || typeof message !== 'string') {
    return new CommandError(
      EXIT.unreachable,
      `${url} answers ${status}, and not as the service does. Check --url`,
    );
  }
  return new CommandError(exitCodeOf(status), `${message}${adviceFor(status)}`);
}

function exitCodeOf(status: number): ExitCode {
  switch (status) {
    case 400:
    case 413:
      return EXIT.usage;
    case 401:
    case 403:
      return EXIT.refused;
    case 404:
      return EXIT.unknown;
    case 503:
      return EXIT.unreachable;
    default:
      return EXIT.failed;
  }
}

function adviceFor(status: number): string {
  switch (status) {
    case 401:
      return '. Give a token by --token-file or RETRY_ORCHESTRATOR_TOKEN';
    case 403:
      return '. Ask for a token that has it';
    case 503:
      return '. Try again in a moment';
    default:
      return '';
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** fetch says little itself; what it was caused by does. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : cause instanceof Error ? cause.message : message;
}

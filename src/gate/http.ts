import type { GateClock } from './clock.ts';

/**
 * What became of a call.
 *
 * - `ok`: 2xx with a JSON body.
 * - `refused`: the service said no, with its code.
 * - `none`: nothing is known, the call may have taken effect: network, timeout, any 5xx but `NOT_READY`, or a body that
 *   is not the contract's.
 */
export type Answer<Body> =
  | { kind: 'ok'; body: Body }
  | { kind: 'refused'; code: string; message: string; retryAfterMs: number }
  | { kind: 'none'; reason: 'network' | 'timeout' | 'status' | 'malformed'; detail: string };

export interface HttpOptions {
  /** One or several base URLs of the service; any replica answers any call. */
  service: string | readonly string[];
  token?: string | (() => string | Promise<string>);
  fetch?: typeof globalThis.fetch;
}

const TIMEOUT = new Error('no answer in time');

export class HttpCaller {
  readonly #addresses: readonly string[];
  readonly #token: HttpOptions['token'];
  readonly #fetch: typeof globalThis.fetch;
  readonly #clock: GateClock;
  /** Which address is used; counts up with every turn. */
  #turn = 0;

  constructor(options: HttpOptions, clock: GateClock) {
    const addresses = typeof options.service === 'string' ? [options.service] : options.service;
    if (addresses.length === 0) throw new TypeError('the gate needs at least one address of the service');
    this.#addresses = addresses.map((address) => new URL(address).href.replace(/\/+$/, ''));
    this.#token = options.token;
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#clock = clock;
  }

  /** Posts JSON once. Never rejects; after no answer the next call goes to the next address. */
  async post(path: string, body: unknown, timeoutMs: number, signal?: AbortSignal): Promise<Answer<unknown>> {
    const turn = this.#turn;
    const answer = await this.#attempt(`${this.#address(turn)}${path}`, body, timeoutMs, signal);
    // Calls that fail together move on by one address, not by one each.
    if (answer.kind === 'none' && this.#turn === turn) this.#turn += 1;
    return answer;
  }

  #address(turn: number): string {
    return this.#addresses[turn % this.#addresses.length] ?? '';
  }

  async #attempt(
    url: string,
    body: unknown,
    timeoutMs: number,
    outer?: AbortSignal,
  ): Promise<Answer<unknown>> {
    const given = new AbortController();
    const giveUp = (reason: unknown): void => {
      given.abort(reason);
    };
    const onOuter = (): void => {
      giveUp(outer?.reason);
    };
    const cancel = this.#clock.after(timeoutMs, () => {
      giveUp(TIMEOUT);
    });
    outer?.addEventListener('abort', onOuter, { once: true });
    if (outer?.aborted === true) onOuter();
    try {
      // A fetch or a token function that does not heed the signal must not hold the partition up.
      return await Promise.race([this.#exchange(url, body, given.signal), rejection(given.signal)]);
    } catch (error) {
      const detail = error instanceof Error ? error.name : 'unknown';
      return { kind: 'none', reason: given.signal.reason === TIMEOUT ? 'timeout' : 'network', detail };
    } finally {
      cancel();
      outer?.removeEventListener('abort', onOuter);
    }
  }

  async #exchange(url: string, body: unknown, signal: AbortSignal): Promise<Answer<unknown>> {
    const headers = await this.#headers();
    return readAnswer(
      await this.#fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal }),
    );
  }

  async #headers(): Promise<Record<string, string>> {
    const token = typeof this.#token === 'function' ? await this.#token() : this.#token;
    return {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }
}

async function readAnswer(response: Response): Promise<Answer<unknown>> {
  const { status } = response;
  const text = await response.text();
  const body = parse(text);
  if (status >= 200 && status < 300) {
    if (body === undefined) return { kind: 'none', reason: 'malformed', detail: 'the body is not JSON' };
    return { kind: 'ok', body };
  }
  const { code, message } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  const known = typeof code === 'string' ? code : `HTTP_${status}`;
  // A 503 of a proxy in between says nothing about the shard.
  if (status >= 500 && !(status === 503 && known === 'NOT_READY')) {
    return { kind: 'none', reason: 'status', detail: String(status) };
  }
  return {
    kind: 'refused',
    code: known,
    message: typeof message === 'string' ? message : '',
    retryAfterMs: seconds(response.headers.get('retry-after')),
  };
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => {
      reject(new Error('given up'));
    };
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function seconds(header: string | null): number {
  const value = Number(header ?? NaN);
  return Number.isFinite(value) && value > 0 ? value * 1000 : 0;
}

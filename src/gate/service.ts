import {
  readClaim,
  readRenewals,
  readResults,
  readVerdicts,
  type AdmissionItem,
  type ClaimAnswer,
  type OutcomeItem,
  type RenewalAnswer,
  type Result,
  type Verdict,
} from './contract.ts';
import type { Answer, HttpCaller } from './http.ts';
import type { OutstandingEntry } from './outstanding.ts';

/** What a call names so that the service knows under which claim it is made. */
export interface ClaimTicket {
  claimEpoch: string;
  incarnation: string;
}

export interface RenewalItem extends ClaimTicket {
  partition: number;
  seen: unknown;
  outstanding?: OutstandingEntry[];
}

export interface ServiceOptions {
  route: string;
  http: HttpCaller;
  /** Names this process start. */
  consumerId: string;
  requestTimeoutMs: number;
  claimTimeoutMs: number;
  /** Whether records with the verdict `hold` are kept. */
  canHold: () => boolean;
}

/** The four calls of the contract, typed. Repeating is the callers' business. */
export class RetryService {
  readonly #options: ServiceOptions;
  readonly #base: string;
  #call = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#base = `/v1/routes/${encodeURIComponent(options.route)}`;
  }

  /** Each attempt gets a higher `call`: one that was given up must not take effect after a later one. */
  async claim(
    partition: number,
    request: { generation?: number; outstanding: OutstandingEntry[] },
    signal: AbortSignal,
  ): Promise<Answer<ClaimAnswer>> {
    this.#call += 1;
    const { generation, outstanding } = request;
    const body = {
      consumerId: this.#options.consumerId,
      call: this.#call,
      ...(generation === undefined ? {} : { generation }),
      ...(this.#options.canHold() ? { canHold: true } : {}),
      ...(outstanding.length === 0 ? {} : { outstanding }),
    };
    const path = `${this.#base}/partitions/${partition}/claims`;
    const answer = await this.#options.http.post(path, body, this.#options.claimTimeoutMs, signal);
    return understood(answer, readClaim);
  }

  async renew(claims: readonly RenewalItem[], signal: AbortSignal): Promise<Answer<RenewalAnswer[]>> {
    const body = { consumerId: this.#options.consumerId, claims };
    const path = `${this.#base}/renewals`;
    const answer = await this.#options.http.post(path, body, this.#options.requestTimeoutMs, signal);
    return understood(answer, readRenewals);
  }

  async admit(
    partition: number,
    ticket: ClaimTicket,
    records: readonly AdmissionItem[],
    signal?: AbortSignal,
  ): Promise<Answer<Verdict[]>> {
    const answer = await this.#post(partition, 'admissions', { ...ticket, records }, signal);
    return understood(answer, (body) => sameLength(readVerdicts(body), records));
  }

  async report(
    partition: number,
    ticket: ClaimTicket,
    outcomes: readonly OutcomeItem[],
    signal?: AbortSignal,
  ): Promise<Answer<Result[]>> {
    const answer = await this.#post(partition, 'outcomes', { ...ticket, outcomes }, signal);
    return understood(answer, (body) => sameLength(readResults(body), outcomes));
  }

  #post(partition: number, call: string, body: object, signal?: AbortSignal): Promise<Answer<unknown>> {
    const path = `${this.#base}/partitions/${partition}/${call}`;
    const { http, requestTimeoutMs } = this.#options;
    return http.post(path, body, requestTimeoutMs, signal);
  }
}

function understood<T>(answer: Answer<unknown>, read: (body: unknown) => T | undefined): Answer<T> {
  if (answer.kind !== 'ok') return answer;
  const body = read(answer.body);
  return body === undefined
    ? { kind: 'none', reason: 'malformed', detail: 'not the contract' }
    : { kind: 'ok', body };
}

function sameLength<T>(list: T[] | undefined, asked: readonly unknown[]): T[] | undefined {
  return list?.length === asked.length ? list : undefined;
}

import { headerMap } from '../../../../src/gate/headers.ts';
import type { RetryRecord } from '../../../../src/gate/retry-record.ts';
import { turns } from './gate-clock.ts';
import { headersOf, type Reply, type SeenCall } from './scripted-service.ts';

interface Entry {
  state: 'pending' | 'held' | 'in flight';
  token: string;
}

interface Logged {
  key: string;
  origin: number;
  claim: string;
  announced: boolean;
}

/**
 * The box of one partition over a retry topic that it reads late: a claim waits for the end that was there when it came,
 * and what lies behind that end comes afterwards. It can be gone, and it can lose its Redis.
 */
export class RetryLogService {
  readonly log: Logged[] = [];
  readonly resolved = new Set<number>();
  gone = false;
  late = 0;
  readonly #keys = new Map<string, Map<number, Entry>>();
  readonly #known = new Map<string, number>();
  readonly #draw: () => number;
  #cursor = 0;
  #canHold = false;
  /** How many records it told their claimant to hold. */
  held = 0;
  #epoch = 0;
  #end = 0;
  #used = false;
  #incarnation = 1;
  #tokens = 0;

  constructor(draw: () => number) {
    this.#draw = draw;
  }

  /** A record was acknowledged by Kafka. */
  append({ key, headers }: RetryRecord): void {
    const { 'x-retry-origin-offset': origin, ...more } = headerMap(headers);
    this.log.push({
      key: String(key),
      origin: Number(String(origin)),
      claim: String(more['x-retry-claim']),
      announced: more['x-retry-unannounced'] === undefined,
    });
  }

  readTo(end: number): void {
    for (; this.#cursor < end; this.#cursor += 1) this.#read(this.log[this.#cursor]!, this.#cursor);
  }

  /** Redis came back empty: everything is made anew from the log. */
  loseRedis(): void {
    this.#keys.clear();
    this.#known.clear();
    this.#incarnation += 1;
    this.#used = false;
    const read = this.log.length;
    for (this.#cursor = 0; this.#cursor < read; this.#cursor += 1) {
      const one = this.log[this.#cursor]!;
      if (!this.resolved.has(one.origin)) this.#store(one);
    }
  }

  /** The group committed past a copy, and nobody said what became of it. */
  passed(key: string, origin: number, token: string): void {
    this.readTo(this.log.length);
    const entry = this.#keys.get(key)?.get(origin);
    if (entry?.token === token && entry.state === 'in flight') entry.state = 'held';
  }

  release(): { key: string; origin: number; token: string }[] {
    if (this.gone) return [];
    return [...this.#keys].flatMap(([key, entries]) => {
      const [head] = [...entries].sort(([a], [b]) => a - b);
      if (head?.[1].state !== 'held') return [];
      this.#tokens += 1;
      const token = `token-${this.#tokens}`;
      entries.set(head[0], { state: 'in flight', token });
      return [{ key, origin: head[0], token }];
    });
  }

  get unresolved(): number {
    return [...this.#keys.values()].reduce((sum, { size }) => sum + size, 0);
  }

  async answer(call: SeenCall): Promise<Reply | 'no answer'> {
    const [effect, heard] = [!this.gone, this.#draw() > 0.05];
    if (!effect) return 'no answer';
    const reply = call.kind === 'claims' ? await this.#claim(call.body) : this.#answer(call);
    // It took effect, and nobody hears of it.
    return heard && !this.gone ? reply : 'no answer';
  }

  #read(one: Logged, position: number): void {
    const entry = this.#keys.get(one.key)?.get(one.origin);
    if (entry?.state === 'pending') entry.state = 'held';
    if (entry !== undefined || this.resolved.has(one.origin)) return;
    if (this.#used && one.claim !== String(this.#epoch) && position >= this.#end) {
      this.late += 1;
      return;
    }
    this.#store(one);
  }

  #store({ key, origin, announced }: Logged): void {
    this.#entries(key).set(origin, { state: 'held', token: '' });
    if (announced) this.#known.set(key, Math.max(origin, this.#known.get(key) ?? -1));
  }

  async #claim(body: Record<string, unknown>): Promise<Reply> {
    this.#canHold = body['canHold'] === true;
    const end = this.log.length;
    await turns(Math.floor(this.#draw() * 6));
    this.readTo(end);
    this.#epoch += 1;
    [this.#end, this.#used] = [end, false];
    for (const { key, offset } of (body['outstanding'] ?? []) as { key: string; offset: number }[]) {
      if (!this.resolved.has(offset) && !this.#entries(key).has(offset)) this.#announce(key, offset);
    }
    const locked = [...this.#keys].filter(([, { size }]) => size > 0).map(([key]) => key);
    const lockedKeys = [...new Set([...locked, ...this.#known.keys()])].map((key) => ({ key }));
    const epoch = { claimEpoch: String(this.#epoch), incarnation: String(this.#incarnation) };
    return { status: 201, body: { ...epoch, lockedKeys, complete: true, nullKeyUpTo: -1, seen: 0 } };
  }

  #answer({ kind, body }: SeenCall): Reply {
    if (kind === 'renewals') return { body: { claims: [] } };
    const [from, to] = kind === 'admissions' ? ['records', 'verdicts'] : ['outcomes', 'results'];
    const items = body[from] as Record<string, unknown>[];
    if (body['incarnation'] !== String(this.#incarnation)) {
      return { body: { [to]: items.map(() => ({ verdict: 'wait', result: 'wait' })) } };
    }
    const isCurrent = body['claimEpoch'] === String(this.#epoch);
    if (isCurrent) this.#used = true;
    if (!isCurrent && items.some(({ delivery }) => delivery === undefined)) {
      return { status: 409, body: { code: 'FENCED', message: '', retryable: false } };
    }
    const one = kind === 'admissions' ? this.#admit.bind(this) : this.#outcome.bind(this);
    return { body: { [to]: items.map((item) => one(String(item['key']), Number(item['offset']), item)) } };
  }

  #admit(key: string, at: number, { delivery, hold }: Record<string, unknown>): unknown {
    const entries = this.#entries(key);
    const entry = entries.get(at);
    if (delivery !== undefined) {
      const current = entry?.state === 'in flight' && entry.token === delivery;
      return { verdict: current ? 'process' : 'skip' };
    }
    if (entry?.state === 'pending') return this.#redirect('verdict', at, 0);
    if (entry !== undefined || at <= (this.#known.get(key) ?? -1)) return { verdict: 'skip' };
    if (entries.size === 0) return { verdict: 'process' };
    const atTheTail = [...entries].every(([origin, { state }]) => state === 'in flight' && origin < at);
    if (this.#canHold && hold !== false && atTheTail) {
      this.held += 1;
      return { verdict: 'hold' };
    }
    this.#announce(key, at);
    return this.#redirect('verdict', at, 0);
  }

  #outcome(key: string, at: number, { delivery, result }: Record<string, unknown>): unknown {
    const entries = this.#entries(key);
    const entry = entries.get(at);
    if (delivery === undefined) {
      if (entry !== undefined && entry.state !== 'pending') return { result: 'stale' };
      if (entry === undefined && at <= (this.#known.get(key) ?? -1)) return { result: 'stale' };
      if (entry === undefined) this.#announce(key, at);
      return this.#redirect('result', at, 1);
    }
    if (result === 'succeeded') {
      if (entries.delete(at)) this.resolved.add(at);
      return { result: 'done', unlocked: entries.size === 0 };
    }
    if (entry?.state !== 'in flight' || entry.token !== delivery) return { result: 'stale' };
    entry.state = 'held';
    return { result: 'recorded', attempt: 2, nextAttemptAt: 0 };
  }

  #announce(key: string, origin: number): void {
    this.#entries(key).set(origin, { state: 'pending', token: '' });
    this.#known.set(key, Math.max(origin, this.#known.get(key) ?? -1));
  }

  #redirect(name: 'verdict' | 'result', origin: number, attempt: number): unknown {
    const more = { 'x-retry-attempt': String(attempt), 'x-retry-claim': String(this.#epoch) };
    return { [name]: 'redirect', headers: headersOf(origin, more) };
  }

  #entries(key: string): Map<number, Entry> {
    const entries = this.#keys.get(key) ?? new Map<number, Entry>();
    this.#keys.set(key, entries);
    return entries;
  }
}

import { headersOf, type Reply, type SeenCall } from './scripted-service.ts';

interface Entry {
  state: 'pending' | 'held' | 'in flight';
  token?: string;
}

interface KeyState {
  entries: Map<number, Entry>;
  knownUpTo: number;
  published: number[];
}

/** The box of one partition as the contract describes it, small and in memory, with faults drawn by the test. */
export class ModelService {
  readonly keys = new Map<string, KeyState>();
  readonly resolved = new Set<number>();
  /** How many records it told their claimant to hold. */
  held = 0;
  #canHold = false;
  #epoch = 0;
  #incarnation = 1;
  #tokens = 0;
  readonly #draw: () => number;

  constructor(draw: () => number) {
    this.#draw = draw;
  }

  answer(call: SeenCall): Reply | 'no answer' {
    const fault = this.#draw();
    if (fault < 0.1) return 'no answer';
    if (fault < 0.13 && call.kind !== 'claims') this.#lose();
    if (fault < 0.16 && call.kind !== 'claims') this.#epoch += 1;
    const reply = this.#answer(call);
    // The call took effect, and nobody hears of it.
    return fault > 0.9 ? 'no answer' : reply;
  }

  /** The retry topic was read: a pending entry becomes a held one. */
  arrived(key: string, offset: number): void {
    const state = this.#key(key);
    const entry = state.entries.get(offset);
    if (entry === undefined && this.resolved.has(offset)) return;
    state.published.push(offset);
    if (entry === undefined || entry.state === 'pending') state.entries.set(offset, { state: 'held' });
  }

  /** The head of every key that has one, redelivered with a fresh token; `more` as many of its followers. */
  release(more: () => number): { key: string; origin: number; token: string }[] {
    return [...this.keys].flatMap(([key, { entries }]) => {
      const offsets = [...entries.keys()].sort((a, b) => a - b);
      const until = offsets.findIndex((offset) => entries.get(offset)?.state !== 'held');
      const window = offsets.slice(0, until === -1 ? undefined : until).slice(0, 1 + more());
      return window.map((origin) => {
        this.#tokens += 1;
        const token = `token-${this.#tokens}`;
        entries.set(origin, { state: 'in flight', token });
        return { key, origin, token };
      });
    });
  }

  /** Redis loses everything; what the retry topic holds comes back, what was only announced does not. */
  #lose(): void {
    this.#incarnation += 1;
    for (const state of this.keys.values()) {
      for (const [offset, { state: its }] of state.entries) {
        if (its === 'pending') state.entries.delete(offset);
        else state.entries.set(offset, { state: 'held' });
      }
      state.knownUpTo = Math.max(-1, ...state.published);
    }
  }

  #answer({ kind, body }: SeenCall): Reply {
    switch (kind) {
      case 'claims':
        return this.#claim(body);
      case 'renewals':
        return { body: { claims: [] } };
      case 'admissions':
        return this.#under(body, 'records', 'verdicts', (item) => this.#admit(item));
      case 'outcomes':
        return this.#under(body, 'outcomes', 'results', (item) => this.#outcome(item));
    }
  }

  #claim(body: Record<string, unknown>): Reply {
    this.#epoch += 1;
    this.#canHold = body['canHold'] === true;
    for (const { key, offset } of (body['outstanding'] ?? []) as { key: string; offset: number }[]) {
      const state = this.#key(key);
      if (this.resolved.has(offset) || state.entries.has(offset)) continue;
      state.entries.set(offset, { state: 'pending' });
    }
    const lockedKeys = [...this.keys.keys()].map((key) => ({ key }));
    const epoch = { claimEpoch: String(this.#epoch), incarnation: String(this.#incarnation) };
    return { status: 201, body: { ...epoch, lockedKeys, complete: true, nullKeyUpTo: -1, seen: 0 } };
  }

  #under(
    body: Record<string, unknown>,
    from: string,
    to: string,
    one: (item: Record<string, unknown>) => unknown,
  ): Reply {
    const items = body[from] as Record<string, unknown>[];
    if (body['incarnation'] !== String(this.#incarnation)) {
      return { body: { [to]: items.map(() => ({ verdict: 'wait', result: 'wait' })) } };
    }
    const fresh = items.some(({ delivery }) => delivery === undefined);
    if (fresh && body['claimEpoch'] !== String(this.#epoch)) {
      return { status: 409, body: { code: 'FENCED', message: '', retryable: false } };
    }
    // An admission of a redelivered record looks at those before it in the request.
    this.#admittedHere = new Set();
    return { body: { [to]: items.map(one) } };
  }

  #admittedHere = new Set<string>();

  #admit({ key, offset, delivery, hold }: Record<string, unknown>): unknown {
    const state = this.#key(String(key));
    const [at, entry] = [Number(offset), state.entries.get(Number(offset))];
    if (delivery !== undefined) {
      if (entry?.token !== delivery) return { verdict: 'skip' };
      const waiting = [...state.entries].filter(
        ([one, { token }]) => one < at && !this.#admittedHere.has(token ?? ''),
      );
      if (waiting.length === 0) {
        this.#admittedHere.add(delivery as string);
        return { verdict: 'process' };
      }
      state.entries.set(at, { state: 'held' });
      return { verdict: 'skip' };
    }
    if (entry?.state === 'pending') return { verdict: 'redirect', headers: headersOf(at) };
    if (entry !== undefined || at <= state.knownUpTo) return { verdict: 'skip' };
    if (state.entries.size === 0) return { verdict: 'process' };
    const all = [...state.entries];
    if (this.#canHold && hold !== false && all.every(([one, its]) => its.state === 'in flight' && one < at)) {
      this.held += 1;
      return { verdict: 'hold' };
    }
    this.#announce(state, at);
    return { verdict: 'redirect', headers: headersOf(at, { 'x-retry-attempt': '0' }) };
  }

  #outcome({ key, offset, delivery, result }: Record<string, unknown>): unknown {
    const state = this.#key(String(key));
    const [at, entry] = [Number(offset), state.entries.get(Number(offset))];
    if (delivery === undefined) {
      if (entry?.state === 'pending') return { result: 'redirect', headers: headersOf(at) };
      if (entry !== undefined || at <= state.knownUpTo) return { result: 'stale' };
      this.#announce(state, at);
      return { result: 'redirect', headers: headersOf(at) };
    }
    if (result === 'succeeded') {
      state.entries.delete(at);
      this.resolved.add(at);
      return { result: 'done', unlocked: state.entries.size === 0 };
    }
    if (entry?.token !== delivery) return { result: 'stale' };
    for (const [one, { state: its }] of state.entries) {
      if (its === 'in flight') state.entries.set(one, { state: 'held' });
    }
    return { result: 'recorded', attempt: 2, nextAttemptAt: 0 };
  }

  #announce(state: KeyState, offset: number): void {
    state.entries.set(offset, { state: 'pending' });
    state.knownUpTo = Math.max(state.knownUpTo, offset);
  }

  #key(key: string): KeyState {
    const state = this.keys.get(key) ?? { entries: new Map<number, Entry>(), knownUpTo: -1, published: [] };
    this.keys.set(key, state);
    return state;
  }
}

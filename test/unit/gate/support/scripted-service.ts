/** One call as the gate made it. */
export interface SeenCall {
  kind: 'claims' | 'renewals' | 'admissions' | 'outcomes';
  partition: number | undefined;
  body: Record<string, unknown>;
  authorization: string | null;
  url: string;
}

export interface Reply {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Answered = Reply | 'no answer' | 'never';

export type Script = (call: SeenCall) => Answered | Promise<Answered>;

export const headersOf = (offset: number, more: Record<string, string> = {}): Record<string, string> => ({
  'x-retry-route': 'orders',
  'x-retry-origin-offset': String(offset),
  'x-retry-attempt': '1',
  'x-retry-reason': 'failed',
  ...more,
});

/** The contract's answers as a `fetch`: what no script answers is the answer of a service with nothing locked. */
export class ScriptedService {
  readonly calls: SeenCall[] = [];
  readonly #scripts = new Map<SeenCall['kind'], Script[]>();
  /** Answers every call of a kind once its one-time scripts are used up. */
  readonly always = new Map<SeenCall['kind'], Script>();
  #epoch = 100;
  /** How many calls of one partition were ever under way together. */
  mostAtOnce = 0;
  readonly #underWay = new Map<number, number>();

  once(kind: SeenCall['kind'], script: Script | Reply | 'no answer' | 'never'): this {
    const scripts = this.#scripts.get(kind) ?? [];
    scripts.push(typeof script === 'function' ? script : () => script);
    this.#scripts.set(kind, scripts);
    return this;
  }

  of(kind: SeenCall['kind']): SeenCall[] {
    return this.calls.filter((call) => call.kind === kind);
  }

  claim(more: Record<string, unknown> = {}): Reply {
    this.#epoch += 1;
    const body = { claimEpoch: String(this.#epoch), incarnation: 'run:1', lockedKeys: [], complete: true };
    return { status: 201, body: { ...body, nullKeyUpTo: -1, seen: 0, ...more } };
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const call = readCall(url, init);
    this.calls.push(call);
    this.#count(call, 1);
    try {
      await Promise.resolve();
      const script = this.#scripts.get(call.kind)?.shift() ?? this.always.get(call.kind);
      const reply = script === undefined ? this.#default(call) : await script(call);
      if (reply === 'no answer') throw new TypeError('fetch failed');
      if (reply === 'never') return await aborted(init?.signal ?? undefined);
      const { status = 200, body, headers = {} } = reply;
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });
    } finally {
      this.#count(call, -1);
    }
  };

  #count({ partition }: SeenCall, change: number): void {
    if (partition === undefined) return;
    const count = (this.#underWay.get(partition) ?? 0) + change;
    this.#underWay.set(partition, count);
    this.mostAtOnce = Math.max(this.mostAtOnce, count);
  }

  #default({ kind, body }: SeenCall): Reply {
    switch (kind) {
      case 'claims':
        return this.claim();
      case 'renewals': {
        const claims = body['claims'] as { partition: number; seen: unknown }[];
        const held = claims.map(({ partition, seen }) => ({ partition, status: 'held', seen }));
        return { body: { claims: held.map((one) => ({ ...one, lockedKeys: [], unlockedKeys: [] })) } };
      }
      case 'admissions':
        return { body: { verdicts: (body['records'] as unknown[]).map(() => ({ verdict: 'process' })) } };
      case 'outcomes': {
        const outcomes = body['outcomes'] as { offset: number; delivery?: string; result: string }[];
        return {
          body: {
            results: outcomes.map(({ offset, delivery, result }) => {
              if (delivery === undefined) return { result: 'redirect', headers: headersOf(offset) };
              if (result === 'succeeded') return { result: 'done', unlocked: true };
              return { result: 'recorded', attempt: 2, nextAttemptAt: 1 };
            }),
          },
        };
      }
    }
  }
}

function readCall(url: string, init: RequestInit | undefined): SeenCall {
  const path = new URL(url).pathname.split('/');
  const kind = path.at(-1) as SeenCall['kind'];
  return {
    kind,
    partition: kind === 'renewals' ? undefined : Number(path.at(-2)),
    body: JSON.parse(init?.body as string) as Record<string, unknown>,
    authorization: new Headers(init?.headers).get('authorization'),
    url,
  };
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => {
      reject(new DOMException('aborted', 'AbortError'));
    };
    if (signal?.aborted === true) fail();
    signal?.addEventListener('abort', fail, { once: true });
  });
}

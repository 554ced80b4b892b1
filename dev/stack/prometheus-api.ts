/** A value of one series at one moment; NaN and the infinities are numbers here too. */
export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Time (epoch s) and value, in order of time. */
  readonly points: readonly (readonly [at: number, value: number])[];
}

export interface PrometheusRange {
  /** Epoch s. */
  readonly from: number;
  readonly to: number;
  /** s */
  readonly step: number;
}

export interface PrometheusRule {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly query: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `unknown` until it was evaluated for the first time. */
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  /** Of alerting rules. */
  readonly state?: 'inactive' | 'pending' | 'firing';
}

export interface PrometheusAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

type Pair = readonly [at: number, value: string];

interface Vector {
  readonly resultType: string;
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: Pair }[];
}

interface Matrix {
  readonly result: readonly { readonly metric: Record<string, string>; readonly values: readonly Pair[] }[];
}

/** What is asked of a Prometheus. Every call throws, with what Prometheus said, where it refuses. */
export class PrometheusApi {
  readonly #base: string;

  constructor(base: string) {
    this.#base = `${base}/api/v1`;
  }

  /** At one moment (epoch s), by default now. A scalar is one sample without labels. */
  async query(query: string, at?: number): Promise<PrometheusSample[]> {
    const time = at === undefined ? {} : { time: String(at) };
    const data = (await this.#get('query', { query, ...time })) as Vector;
    if (data.resultType === 'scalar') {
      return [{ labels: {}, value: numberOf((data.result as unknown as Pair)[1]) }];
    }
    return data.result.map(({ metric, value }) => ({ labels: metric, value: numberOf(value[1]) }));
  }

  async queryRange(query: string, { from, to, step }: PrometheusRange): Promise<PrometheusSeries[]> {
    const range = { start: String(from), end: String(to), step: String(step) };
    const { result } = (await this.#get('query_range', { query, ...range })) as Matrix;
    return result.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([at, value]) => [at, numberOf(value)] as const),
    }));
  }

  async labelValues(label: string, matching: string): Promise<string[]> {
    return (await this.#get(`label/${label}/values`, { 'match[]': matching })) as string[];
  }

  async rules(): Promise<PrometheusRule[]> {
    const { groups } = (await this.#get('rules')) as { groups: { rules: PrometheusRule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  }

  /** Those that are pending or firing now. */
  async alerts(): Promise<PrometheusAlert[]> {
    const { alerts } = (await this.#get('alerts')) as { alerts: PrometheusAlert[] };
    return alerts;
  }

  async #get(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const answer = await fetch(`${this.#base}/${path}?${new URLSearchParams(parameters).toString()}`);
    const body = (await answer.json()) as { status: string; data: unknown; error?: string };
    if (body.status === 'success') return body.data;
    throw new Error(
      `${body.error ?? `Prometheus answered ${answer.status}`}: ${parameters['query'] ?? path}`,
    );
  }
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}

import type { Bench } from './bench.ts';
import type { ServiceProcess } from './service-process.ts';
import { waitFor } from './wait-for.ts';

/** A redrive as the HTTP API shows it. */
export interface RedriveJson {
  readonly id: string;
  readonly state: string;
  readonly progress: {
    readonly examined: number;
    readonly total: number;
    readonly matched: number;
    readonly published: number;
    readonly skipped: number;
    readonly undeliverable: number;
  };
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly waitingFor: string | null;
  readonly error: string | null;
  readonly problems: readonly {
    readonly partition: number;
    readonly offset: number;
    readonly problem: string;
  }[];
}

/** The redrives of one route of a bench, asked of one of its replicas. */
export class Redrives {
  readonly #path: string;
  readonly #service: () => ServiceProcess;

  constructor(path: string, service: () => ServiceProcess) {
    this.#path = `${path}/redrives`;
    this.#service = service;
  }

  static of<Name extends string>(bench: Bench<Name>, name: Name): Redrives {
    return new Redrives(bench.path(name), () => bench.running[0] ?? bench.service);
  }

  async create(body: object): Promise<RedriveJson> {
    const created = await this.#service().post(this.#path, { reason: 'a test', ...body });
    if (created.status !== 201) throw new Error(`${created.status} ${JSON.stringify(created.body)}`);
    return created.body as RedriveJson;
  }

  async get(id: string): Promise<RedriveJson> {
    const { status, body } = await this.#service().get(`${this.#path}/${id}`);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body as RedriveJson;
  }

  async steer(
    id: string,
    steering: 'pause' | 'resume' | 'cancel',
  ): Promise<{ status: number; body: unknown }> {
    return this.#service().post(`${this.#path}/${id}/${steering}`, { reason: 'a test' });
  }

  /** Resolves when it looks like this. */
  until(id: string, what: string, fits: (redrive: RedriveJson) => boolean): Promise<RedriveJson> {
    return waitFor(
      `the redrive to be ${what}`,
      async () => {
        const redrive = await this.get(id);
        return fits(redrive) && redrive;
      },
      { every: 10, state: () => this.get(id) },
    );
  }

  done(id: string): Promise<RedriveJson> {
    return this.until(id, 'done', ({ state }) => state === 'done');
  }
}

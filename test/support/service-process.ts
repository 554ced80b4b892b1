import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../dev/stack/free-port.ts';
import { Workspace } from '../../dev/stack/workspace.ts';
import { kafkaBrokers, redisUrl } from './stack.ts';
import { waitFor } from './wait-for.ts';

const root = join(import.meta.dirname, '../..');
/** `DIST=dist`: what was built, which starts in a third of the time. */
const dist = process.env['DIST'];
const program = dist ? [join(dist, 'cli.js')] : ['--import', 'tsx', 'src/cli.ts'];
/** `exec`, so that signals reach the service and nothing in between. */
const launch = 'cd "$1" && shift && exec env "$@"';

export interface ServiceOptions {
  /** What the configuration file holds, besides `http`. YAML is a superset of JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly redisUrl?: string;
  /** Besides what says where Kafka and Redis are. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A line of the service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The real service, as a process of its own that can be killed and started again at the same address. */
export class ServiceProcess implements AsyncDisposable {
  readonly url: string;
  readonly #workspace: Workspace;
  readonly #options: ServiceOptions;
  readonly #port: number;
  #child: ChildProcess | undefined;

  private constructor(workspace: Workspace, port: number, options: ServiceOptions) {
    this.#workspace = workspace;
    this.#port = port;
    this.#options = options;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Prepares a service that does not run yet. */
  static async prepare(options: ServiceOptions): Promise<ServiceProcess> {
    const workspace = await Workspace.open();
    const port = await freePort();
    const service = new ServiceProcess(workspace, port, options);
    const http = { ...(options.config['http'] as object | undefined), host: '127.0.0.1', port };
    await writeFile(service.configFile, JSON.stringify({ log: { level: 'debug' }, ...options.config, http }));
    return service;
  }

  get configFile(): string {
    return join(this.#workspace.directory, 'config.yaml');
  }

  spawn(): void {
    const environment = [
      `KAFKA_BROKERS=${kafkaBrokers.join(',')}`,
      `REDIS_URL=${this.#options.redisUrl ?? redisUrl}`,
      `HTTP_PORT=${this.#port}`,
      'UV_THREADPOOL_SIZE=64',
      ...Object.entries(this.#options.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    ];
    const command = [process.execPath, ...program, 'serve', '--config', this.configFile];
    const args = ['-c', launch, 'sh', root, ...environment, ...command];
    this.#child = this.#workspace.spawn('service', 'sh', args);
  }

  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGSTOP and SIGCONT make a process that hangs and comes back. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM; resolves with how it ended and how long that took. */
  async terminate(): Promise<{ code: number | null; signal: string | null; ms: number }> {
    const begun = performance.now();
    await this.#end('SIGTERM');
    const { exitCode, signalCode } = this.#child!;
    return { code: exitCode, signal: signalCode, ms: performance.now() - begun };
  }

  /** Resolves with its exit code once it has ended by itself. */
  async ended(): Promise<number | null> {
    await waitFor('the service to end', () => !this.running, { state: () => this.tail() });
    return this.exitCode;
  }

  async status(path: string): Promise<number> {
    const response = await fetch(this.url + path);
    await response.text();
    return response.status;
  }

  /** The JSON of an answer, whatever its status. */
  async get(path: string): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.url + path);
    return { status: response.status, body: await json(response) };
  }

  async post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await json(response) };
  }

  /** The samples of one metric that have these labels; `name` without the prefix of the service. */
  async samples(name: string, labels: Readonly<Record<string, string>> = {}): Promise<Sample[]> {
    const response = await fetch(`${this.url}/metrics`);
    const lines = (await response.text()).split('\n');
    return lines.flatMap((line): Sample[] => {
      const match = /^retry_orchestrator_([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (match?.[1] !== name) return [];
      const own = Object.fromEntries(
        [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label!, value!]),
      );
      const fits = Object.entries(labels).every(([label, value]) => own[label] === value);
      return fits ? [{ labels: own, value: Number(match[3]) }] : [];
    });
  }

  /** The sum over those samples; 0 without any. */
  async metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number> {
    return (await this.samples(name, labels)).reduce((sum, { value }) => sum + value, 0);
  }

  /** As `Bench.moved`, of this process alone. */
  async moved(name: string, labels?: Readonly<Record<string, string>>): Promise<void> {
    const value = (): Promise<number> => this.metric(name, labels);
    await waitFor(`${name} to move`, async () => (await value()) > 0, { every: 50, state: value });
  }

  /** What it has logged of an event since the beginning. */
  async logged(event: string): Promise<LogLine[]> {
    const lines = (await this.output()).split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as LogLine).filter((line) => line['event'] === event);
  }

  /** All that it has written to stdout and stderr, over all its starts. */
  async output(): Promise<string> {
    return readFile(join(this.#workspace.directory, 'service.log'), 'utf8').catch(() => '');
  }

  /** The last lines of that, and how it ended, if it did. */
  async tail(): Promise<string> {
    const lines = (await this.output()).split('\n').filter((line) => !line.includes('"level":"debug"'));
    const { exitCode, signalCode } = this.#child ?? {};
    const end = this.running ? [] : [`it has ended: ${String(signalCode ?? exitCode ?? 'never started')}`];
    return [...lines.slice(-15), ...end].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workspace[Symbol.asyncDispose]();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    child.ref();
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

async function json(response: Response): Promise<unknown> {
  const body = await response.text();
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

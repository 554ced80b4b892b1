import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Stack } from '../dev/stack/stack.ts';
import { freePort } from '../dev/stack/free-port.ts';

/** The service as its users run it: one process, with what it says about itself. */
export interface MeasuredService extends AsyncDisposable {
  readonly url: string;
  /** Resolves with the time (performance.now) at which a log line with this event came. */
  logged(event: string): Promise<number>;
  /** Resident size, MiB. */
  rss(): Promise<number>;
  metrics(): Promise<string>;
  /** Sends a signal, and does not wait. */
  kill(signal: NodeJS.Signals): void;
}

export interface MeasuredRoute {
  readonly name: string;
  readonly topic: string;
  readonly retryTopic: string;
  readonly deadLetterTopic: string;
  readonly backoff?: string;
  readonly gate?: boolean;
  /** Default: as good as no limit. */
  readonly maxPerSecond?: number;
}

export async function startService(stack: Stack, route: MeasuredRoute): Promise<MeasuredService> {
  const directory = await mkdtemp(join(tmpdir(), 'retry-bench-'));
  const file = join(directory, 'service.yaml');
  const port = await freePort();
  await writeFile(file, configuration(stack, route, port));
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const seen = new Map<string, number>();
  const waiting = new Map<string, (at: number) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event, level } = JSON.parse(line) as { event?: string; level?: string };
    if (level === 'warn' || level === 'error' || level === 'fatal') process.stderr.write(`${line}\n`);
    if (event === undefined || seen.has(event)) return;
    seen.set(event, performance.now());
    waiting.get(event)?.(performance.now());
  });
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    url,
    logged: (event) =>
      new Promise((resolve) => {
        const at = seen.get(event);
        if (at === undefined) waiting.set(event, resolve);
        else resolve(at);
      }),
    rss: () => residentMebibytes(child),
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(directory, { recursive: true });
    },
  };
}

/** What the service says that it holds of a route. */
export async function heldMessages(service: MeasuredService, route: string): Promise<number> {
  const answer = await fetch(`${service.url}/v1/routes/${route}`);
  const { totals } = (await answer.json()) as { totals?: { heldMessages?: number } };
  return totals?.heldMessages ?? 0;
}

async function residentMebibytes(child: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${String(child.pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) / 1_024;
}

function configuration(stack: Stack, route: MeasuredRoute, port: number): string {
  return `
kafka: { brokers: [${stack.kafka.brokers.map((broker) => JSON.stringify(broker)).join(', ')}] }
redis: { url: ${JSON.stringify(stack.redis.url)} }
http: { host: 127.0.0.1, port: ${String(port)} }
routes:
  - name: ${route.name}
    topic: ${route.topic}
    consumerGroup: ${route.name}-consumers
    retryTopic: ${route.retryTopic}
    deadLetterTopic: ${route.deadLetterTopic}
    backoff: ${route.backoff ?? '{ initial: 1s, multiplier: 2, max: 5m, jitter: 0 }'}
    maxAge: null
    gate: ${String(route.gate ?? true)}
    # That everything fails here is no reason to stop.
    limits: { lockedKeys: 100000000 }
    breaker: { minimum: 100000000 }
    redelivery: { window: 64, ${rateOf(route)} }
`;
}

/** Where no limit is given, there is as good as none from the start on. */
function rateOf({ maxPerSecond }: MeasuredRoute): string {
  return maxPerSecond === undefined
    ? 'maxPerSecond: 1000000, startPerSecond: 1000000'
    : `maxPerSecond: ${String(maxPerSecond)}`;
}

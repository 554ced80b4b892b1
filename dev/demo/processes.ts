import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from '../stack/server-process.ts';
import { Workspace } from '../stack/workspace.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import { HistoryFollower, type HistoryLine } from './history.ts';

const cli = resolve(import.meta.dirname, '../../dist/cli.js');
const consumerScript = fileURLToPath(import.meta.resolve('./consumer.ts'));

/** The service and the consumers: processes in a directory of their own, which are gone when it is disposed of. */
export class Processes implements AsyncDisposable {
  readonly #workspace: Workspace;
  /** Those that are meant to run. */
  readonly #running = new Map<string, ServerProcess>();
  readonly #followers = new Map<string, HistoryFollower>();

  private constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  static async open(): Promise<Processes> {
    return new Processes(await Workspace.open());
  }

  async startService(config: string, isReady: () => Promise<boolean>): Promise<void> {
    const file = join(this.#workspace.directory, 'service.yaml');
    await writeFile(file, config);
    await this.#start('service', {
      command: 'env',
      // One thread waits for Kafka, and files and names need some as well: see src/cli.ts.
      args: ['UV_THREADPOOL_SIZE=64', process.execPath, cli, 'serve', '--config', file],
      isReady,
    });
  }

  /** Resolves when the group has given it partitions. */
  async startConsumer(settings: Omit<ConsumerSettings, 'historyFile'>): Promise<void> {
    const { name } = settings;
    const historyFile = join(this.#workspace.directory, `${name}.jsonl`);
    this.#followers.set(name, new HistoryFollower(historyFile));
    await this.#start(name, {
      command: 'env',
      args: [
        ...[
          'UV_THREADPOOL_SIZE=16',
          process.execPath,
          '--import',
          import.meta.resolve('tsx'),
          consumerScript,
        ],
        JSON.stringify({ ...settings, historyFile } satisfies ConsumerSettings),
      ],
      isReady: (log) => /"assigned","partitions":\[\d/.test(log),
    });
  }

  /** SIGKILL. Resolves when the process is gone. */
  async kill(name: string): Promise<void> {
    const process = this.#running.get(name);
    this.#running.delete(name);
    await process?.kill();
  }

  /** What the consumers have written down since the last call. */
  more(): HistoryLine[] {
    return [...this.#followers.values()].flatMap((follower) => follower.more());
  }

  /** Those that ended although nobody has ended them. */
  ended(): string[] {
    return [...this.#running].filter(([, { pid }]) => !isAlive(pid)).map(([name]) => name);
  }

  /** Copies logs and histories to where they stay; returns the directory. */
  async keepEvidence(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'retry-orchestrator-demo-'));
    await cp(this.#workspace.directory, directory, { recursive: true });
    return directory;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running.clear();
    await this.#workspace[Symbol.asyncDispose]();
    for (const follower of this.#followers.values()) follower.close();
  }

  async #start(
    name: string,
    spec: { command: string; args: string[]; isReady: (log: string) => boolean | Promise<boolean> },
  ): Promise<void> {
    const process = new ServerProcess(this.#workspace, { name, timeoutMs: 60_000, ...spec });
    await process.start();
    this.#running.set(name, process);
  }
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

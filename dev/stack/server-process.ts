import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workspace } from './workspace.ts';

const pollInterval = 25;

export interface ServerSpec {
  /** Unique within the workspace; names the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Resolves to true once the server answers. `log` is what it has printed since this start. */
  readonly isReady: (log: string) => boolean | Promise<boolean>;
  readonly timeoutMs: number;
}

/** One server that can be killed and started again, with the same port and the same data. */
export class ServerProcess {
  readonly #workspace: Workspace;
  readonly #spec: ServerSpec;
  #child: ChildProcess | undefined;

  constructor(workspace: Workspace, spec: ServerSpec) {
    this.#workspace = workspace;
    this.#spec = spec;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Rejects, with the end of the server's log, when it exits or is not ready in time. */
  async start(): Promise<void> {
    const { name, command, args, isReady, timeoutMs } = this.#spec;
    const logStart = (await this.#log()).length;
    const child = this.#workspace.spawn(name, command, args);
    this.#child = child;
    // Spawning fails by an event, for example when the command does not exist.
    let spawnError: Error | undefined;
    child.once('error', (error) => (spawnError = error));

    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const log = (await this.#log()).slice(logStart);
      if (spawnError) throw new Error(`${name} could not be started`, { cause: spawnError });
      if (hasEnded(child)) throw new Error(`${name} ended during its start:\n${tail(log)}`);
      if (await isReady(log)) return;
      if (Date.now() > deadline) throw new Error(`${name} was not ready in ${timeoutMs} ms:\n${tail(log)}`);
      await sleep(pollInterval);
    }
  }

  /** Sends a signal and returns at once: SIGSTOP and SIGCONT make a server that hangs and comes back. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends the server, by default as a crash would, and resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || hasEnded(child)) return;
    child.ref();
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  async #log(): Promise<string> {
    return readFile(join(this.#workspace.directory, `${this.#spec.name}.log`), 'utf8').catch(() => '');
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function tail(log: string): string {
  return log.split('\n').slice(-30).join('\n');
}

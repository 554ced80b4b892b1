import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '../../dev/stack/workspace.ts';

/** A program in any language that handles orders as examples/README.md says. */
export interface Example {
  readonly command: readonly string[];
  /** Where it runs. */
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const CALLS = 'calls.jsonl';
// All instances append to one file. The system writes each line whole and one after another, so the file has the order in
// which their handlers ended: no clocks are compared, and nobody's pipe is read late.
const launch = 'cd "$1" && calls="$2" && shift 2 && exec env "$@" >>"$calls"';

/** One process of an example. */
export class OrdersInstance {
  readonly name: string;
  readonly #workspace: Workspace;
  readonly #child: ChildProcess;

  constructor(
    workspace: Workspace,
    name: string,
    { command, directory, environment = {} }: Example,
    contract: Readonly<Record<string, string>>,
  ) {
    this.name = name;
    this.#workspace = workspace;
    const variables = Object.entries({ ...environment, ...contract }).map(
      ([key, value]) => `${key}=${value}`,
    );
    const calls = join(workspace.directory, CALLS);
    this.#child = workspace.spawn(name, 'sh', [
      '-c',
      launch,
      'sh',
      directory,
      calls,
      ...variables,
      ...command,
    ]);
  }

  /** What all instances of the workspace have written to stdout. */
  static async output(workspace: Workspace): Promise<string> {
    return readFile(join(workspace.directory, CALLS), 'utf8').catch(() => '');
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends the signal and resolves with how it ended: `exit 0`, `SIGKILL`. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<string> {
    if (this.running) {
      const exit = once(this.#child, 'exit');
      this.#child.ref();
      this.#child.kill(signal);
      await exit;
    }
    const { exitCode, signalCode } = this.#child;
    return exitCode === null ? String(signalCode) : `exit ${exitCode}`;
  }

  /** The end of what it wrote to stderr. */
  async tail(): Promise<string> {
    const path = join(this.#workspace.directory, `${this.name}.log`);
    const lines = (await readFile(path, 'utf8').catch(() => '')).trimEnd().split('\n');
    const state = this.running ? 'runs' : `ended (${this.#child.exitCode ?? this.#child.signalCode})`;
    return [`${this.name} ${state}; the end of its stderr:`, ...lines.slice(-12)].join('\n  ');
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const janitorScript = join(import.meta.dirname, 'janitor.sh');

/**
 * A temporary directory and the processes that work in it. Both are gone when the workspace is disposed of, and also
 * when this process ends without having done so: see janitor.sh.
 */
export class Workspace {
  readonly directory: string;
  readonly #janitor: ChildProcess;
  readonly #children = new Set<ChildProcess>();

  private constructor(directory: string) {
    this.directory = directory;
    // Detached, because Ctrl-C must not reach the janitor or the servers before their owner has decided.
    this.#janitor = spawn(janitorScript, [directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#janitor.unref();
    unrefPipe(this.#janitor.stdin);
  }

  static async open(): Promise<Workspace> {
    return new Workspace(await mkdtemp(join(tmpdir(), 'retry-orchestrator-')));
  }

  /** Starts a process whose output goes to `<name>.log`. It does not keep this process alive. */
  spawn(name: string, command: string, args: readonly string[]): ChildProcess {
    const log = openSync(join(this.directory, `${name}.log`), 'a');
    const child = spawn(command, args, { cwd: this.directory, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    child.unref();

    const pidFile = join(this.directory, `${name}.pid`);
    if (child.pid !== undefined) writeFileSync(pidFile, String(child.pid));
    this.#children.add(child);
    child.once('exit', () => {
      this.#children.delete(child);
      // The number may soon belong to somebody else's process.
      rmSync(pidFile, { force: true });
    });
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = [...this.#children].map((child) => killed(child));
    await Promise.all(ends);
    if (this.#janitor.exitCode !== null) return;
    this.#janitor.ref();
    this.#janitor.stdin?.end();
    await once(this.#janitor, 'exit');
  }
}

async function killed(child: ChildProcess): Promise<void> {
  child.ref();
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function unrefPipe(pipe: unknown): void {
  // A child's pipe is a net.Socket, typed as a plain Writable.
  (pipe as { unref(): void }).unref();
}

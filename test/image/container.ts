import { type ChildProcess, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Engine, findEngine } from '../../dev/image/engine.ts';
import { Workspace } from '../../dev/stack/workspace.ts';
import { waitFor } from '../support/wait-for.ts';

const execute = promisify(execFile);

export interface ContainerOptions {
  readonly image: string;
  /** In the place of the image's own command. */
  readonly command?: readonly string[];
  /** Path in the container, and the file there; nobody can write to it. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A container as one would run it in production: the whole file system is read-only, also /tmp, the user is the image's
 * own, without any capability, and without the means to get one. The network is the machine's, where the stack is.
 */
export class Container implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #workspace: Workspace;
  readonly #process: ChildProcess;
  readonly #name: string;

  private constructor(engine: Engine, workspace: Workspace, process: ChildProcess, name: string) {
    this.#engine = engine;
    this.#workspace = workspace;
    this.#process = process;
    this.#name = name;
  }

  static async start({
    image,
    command = [],
    files = {},
    environment = {},
  }: ContainerOptions): Promise<Container> {
    const engine = await findEngine();
    const workspace = await Workspace.open();
    const name = `retry-orchestrator-test-${randomBytes(4).toString('hex')}`;
    const [program = '', ...args] = engine.runner;
    const child = workspace.spawn('container', program, [
      ...args,
      ...['run', '--rm', '--name', name, '--network', 'host', '--no-healthcheck', ...engine.runOptions],
      ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
      ...Object.entries(files).flatMap(([path, file]) => ['--volume', `${file}:${path}:ro`]),
      ...Object.entries(environment).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
      ...[image, ...command],
    ]);
    return new Container(engine, workspace, child, name);
  }

  /** stdout and stderr, so far. */
  async output(): Promise<string> {
    return readFile(join(this.#workspace.directory, 'container.log'), 'utf8');
  }

  /** Resolves with the exit code, once it has ended. */
  async ended(): Promise<number> {
    await waitFor('the container to end', () => this.#process.exitCode !== null, {
      state: () => this.output(),
    });
    return this.#process.exitCode!;
  }

  /** Of its first process, as this machine numbers it. */
  async pid(): Promise<number> {
    return waitFor('the container to run', async () => {
      const { stdout } = await this.#run('inspect', '--format', '{{.State.Pid}}', this.#name);
      return Number(stdout) > 0 && Number(stdout);
    });
  }

  /** Runs one more program in it. */
  async execute(command: readonly string[]): Promise<Ended> {
    return this.#run('exec', this.#name, ...command);
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    await this.#run('kill', '--signal', signal, this.#name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run('rm', '--force', '--volumes', this.#name);
    await this.#workspace[Symbol.asyncDispose]();
  }

  async #run(...command: string[]): Promise<Ended> {
    const [program = '', ...args] = this.#engine.runner;
    return execute(program, [...args, ...command]).then(
      (out) => ({ code: 0, ...out }),
      (error: unknown) => error as Ended,
    );
  }
}

/** What an image says of itself, in Docker's words. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

export async function imageConfig(image: string): Promise<ImageConfig> {
  const [program = '', ...args] = (await findEngine()).runner;
  const { stdout } = await execute(program, [...args, 'image', 'inspect', image]);
  const [found] = JSON.parse(stdout) as (Pick<ImageConfig, 'Healthcheck'> & { Config: ImageConfig })[];
  // Podman has the health check beside the rest.
  return { ...(found!.Healthcheck ? { Healthcheck: found!.Healthcheck } : {}), ...found!.Config };
}

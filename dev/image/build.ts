import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { certificateAuthorities, type Engine } from './engine.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** The names of what is built, by the target in the Dockerfile. */
export const IMAGES = {
  service: 'localhost/retry-orchestrator:local',
  demo: 'localhost/retry-orchestrator-demo:local',
} as const;

/** Builds both images. What it says goes to stderr; rejects when one can't be built. */
export async function buildImages(engine: Engine): Promise<void> {
  if (engine.name !== 'Docker') {
    makeBase(await baseImage(), engine);
  }
  const directory = await mkdtemp(join(tmpdir(), 'retry-orchestrator-image-'));
  try {
    const options = [
      ...engine.buildOptions,
      ...(await secrets(directory)),
      ...(await labels()),
      ...(await timestamp(engine)),
    ];
    for (const [target, name] of Object.entries(IMAGES)) {
      await quietly([...engine.builder, 'build', '--target', target, '--tag', name, ...options, root]);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** What the Dockerfile begins with, by its whole name. */
export async function baseImage(): Promise<string> {
  const base = /^ARG BASE=(\S+)$/m.exec(await readFile(join(root, 'Dockerfile'), 'utf8'))?.[1];
  if (base === undefined) throw new Error('the Dockerfile names no BASE');
  return `docker.io/library/${base}`;
}

/** Where no registry is asked for it. */
function makeBase(name: string, { builder }: Engine): void {
  execFileSync(join(import.meta.dirname, 'base-image.sh'), [name, ...builder], { stdio: 'inherit' });
}

/** What npm needs on this machine. It is mounted while npm runs, and in no layer. */
async function secrets(directory: string): Promise<string[]> {
  const found: string[] = [];
  const authorities = certificateAuthorities();
  if (authorities !== undefined) found.push('--secret', `id=ca-certificates,src=${authorities}`);
  // Paths in it, as `cafile`, are paths of this machine.
  const npmrc = await readFile(join(homedir(), '.npmrc'), 'utf8').catch(() => '');
  const lines = npmrc.split('\n').filter((line) => /^(@[^:]+:)?registry\s*=|^\/\//.test(line));
  if (lines.length > 0) {
    const file = join(directory, 'npmrc');
    await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    found.push('--secret', `id=npmrc,src=${file}`);
  }
  return found;
}

async function labels(): Promise<string[]> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const revision = await git('rev-parse', 'HEAD');
  const remote = await git('config', 'remote.origin.url');
  const values = {
    VERSION: version,
    REVISION: (await git('status', '--porcelain')) === '' ? revision : '',
    // Neither a path of this machine nor a password.
    SOURCE: /^https:\/\/[^@]+$/.test(remote) ? remote : '',
  };
  return Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
}

/** The time of the commit as that of all files, so that the same commit makes the same image. */
async function timestamp({ name }: Engine): Promise<string[]> {
  const seconds = await git('log', '-1', '--format=%ct');
  if (seconds === '') return [];
  return name === 'Docker' ? ['--build-arg', `SOURCE_DATE_EPOCH=${seconds}`] : ['--timestamp', seconds];
}

/** Empty where this is no repository. */
async function git(...args: string[]): Promise<string> {
  const { stdout } = await execute('git', args, { cwd: root }).catch(() => ({ stdout: '' }));
  return stdout.trim();
}

/** Prints what a command says only when it fails: a build says much. */
async function quietly([command = '', ...args]: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => output.push(data));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  process.stderr.write(Buffer.concat(output).subarray(-8_000));
  throw new Error(`exit code ${code} of: ${command} ${args.join(' ')}`);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PromiseName } from '../checker/verdict.ts';
import { buildMutant } from './build.ts';
import type { Mutant } from './mutant.ts';

const program = fileURLToPath(import.meta.resolve('../main.ts'));

export interface Trial {
  readonly broken: readonly PromiseName[];
  /** Whether the run came to a verdict. */
  readonly isJudged: boolean;
  /** What went wrong besides. */
  readonly trouble: string | undefined;
  readonly seconds: number;
  /** Logs and histories. */
  readonly evidence: string;
}

export interface TrialOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** A short fault run of the service with that bug, or without one, which ends when a promise is broken. */
export async function tryMutant(mutant: Mutant | undefined, options: TrialOptions): Promise<Trial> {
  const { seed, minutes, signal } = options;
  const directory = join(options.directory, mutant?.name ?? 'unchanged');
  const evidence = join(directory, 'evidence');
  await mkdir(evidence, { recursive: true });
  const dist = await buildMutant(mutant, directory);
  const begun = performance.now();
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...{ SEED: String(seed), MINUTES: String(minutes), DIST: dist, KEEP: evidence, UNTIL_BROKEN: '1' },
      FAULTS: mutant?.faults?.join(',') ?? '',
      ...(mutant?.together ? { OVERLAP: '90' } : {}),
    },
  });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const log = createWriteStream(join(evidence, 'run.log'));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', stop);
  log.end();
  signal.throwIfAborted();
  const seconds = (performance.now() - begun) / 1_000;
  try {
    const run = JSON.parse(await readFile(join(evidence, 'run.json'), 'utf8')) as { broken?: PromiseName[] };
    if (run.broken === undefined) throw new Error(`no verdict, exit code ${code}`);
    const trouble = code !== 0 && run.broken.length === 0 ? `exit code ${code}` : undefined;
    return { broken: run.broken, isJudged: true, trouble, seconds, evidence };
  } catch (error) {
    return { broken: [], isJudged: false, trouble: (error as Error).message, seconds, evidence };
  }
}

// `make faults-mutants`: does the fault suite bite? Each mutant is the service with one bug; a fault run must find a broken
// promise. Exit code 1 if one survives. ARGS="name name": only these.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxMutants } from './box-mutants.ts';
import type { Mutant } from './mutant.ts';
import { processMutants } from './process-mutants.ts';
import { type Trial, tryMutant } from './trial.ts';

const MINUTES = 3;
/** A survivor gets as many chances, each with a seed of its own. */
const CHANCES = 2;
/** So often a run may come to nothing, as when a server does not start. */
const MISFORTUNES = 2;
const INTERRUPTED = 130;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    abort.abort(new Error(name));
  });
}
process.exit(await main(process.argv.slice(2)));

async function main(names: readonly string[]): Promise<number> {
  const all = [...boxMutants, ...processMutants];
  const unknown = names.filter((name) => name !== 'unchanged' && !all.some((mutant) => mutant.name === name));
  if (unknown.length > 0) {
    say(
      `no mutant is called ${unknown.join(', ')}; there are: unchanged, ${all.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000));
  const minutes = Number(process.env['MINUTES'] ?? MINUTES);
  const directory = await mkdtemp(join(tmpdir(), 'retry-orchestrator-mutants-'));
  say(`faults-mutants: SEED=${seed} MINUTES=${minutes}; logs and histories: ${directory}`);
  const options = { seed, minutes, directory, signal: abort.signal };
  let failed = 0;
  try {
    // Without a bug nothing may be found: else what is found with one says nothing.
    if (names.length === 0 || names.includes('unchanged')) {
      const trial = await tryMutant(undefined, options);
      if (trial.broken.length > 0 || trial.trouble !== undefined) failed += 1;
      say(row('unchanged', trial, 'as it should be'));
    }
    for (const mutant of all.filter(({ name }) => names.length === 0 || names.includes(name))) {
      if (!(await isFound(mutant, options))) failed += 1;
    }
  } catch (error) {
    if (abort.signal.aborted) return INTERRUPTED;
    throw error;
  }
  say(failed === 0 ? 'Every mutant was found.' : `${failed} not as they should be.`);
  return failed === 0 ? 0 : 1;
}

async function isFound(mutant: Mutant, options: Parameters<typeof tryMutant>[1]): Promise<boolean> {
  let [chances, misfortunes] = [0, 0];
  while (chances < CHANCES && misfortunes <= MISFORTUNES) {
    const number = chances + misfortunes;
    const directory = join(options.directory, `run-${number + 1}`);
    const trial = await tryMutant(mutant, { ...options, directory, seed: options.seed + number });
    say(row(mutant.name, trial, 'SURVIVED'));
    if (trial.broken.length > 0) return true;
    if (trial.isJudged) chances += 1;
    else misfortunes += 1;
  }
  return false;
}

function row(name: string, { broken, trouble, seconds }: Trial, otherwise: string): string {
  const found = broken.length > 0 ? `found: ${broken.join(', ')}` : (trouble ?? otherwise);
  return `  ${name.padEnd(36)}  ${`${Math.round(seconds)} s`.padStart(6)}  ${found}`;
}

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Where the programs of a Python environment are that has what the requirements name. It is kept between runs, and made where
 * it is not there yet, or was made for other requirements.
 * @param requirements path of a requirements.txt
 * @throws if there is no Python with venv (`dev/setup.sh python` installs it), or no package index
 */
export async function pythonEnvironment(name: string, requirements: string): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const directory = join(cache, 'retry-orchestrator', `python-${name}`);
  const programs = join(directory, 'bin');
  const stamp = join(directory, 'complete');
  const wanted = await readFile(requirements, 'utf8');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return programs;
  process.stderr.write(`making a Python environment for ${name}\n`);
  await rm(directory, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await run('python3', ['-m', 'venv', directory]);
  await run(join(programs, 'pip'), ['install', '--quiet', '--requirement', requirements]);
  await writeFile(stamp, wanted);
  return programs;
}

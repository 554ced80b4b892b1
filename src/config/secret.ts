import { readFileSync } from 'node:fs';
import type { Reading } from './read-section.ts';

/** A secret that may be written, in the environment, or in a file. Names are those of the environment. */
interface Places {
  /** Of the setting that holds it; that of the file ends in `File`. */
  readonly path: string;
  readonly env: string;
  readonly value: string | null;
  readonly file: string | null;
}

/** null: none is given. Says where something is wrong, and never what was found there. */
export function readSecret({ path, env, value, file }: Places, reading: Reading): string | null {
  // Undefined where it could not be read, whatever the type says: that was told already.
  if (!file) return value ?? null;
  const fileSetting = namedSetting(`${path}File`, `${env}_FILE`, reading);
  if (value) {
    reading.problem(fileSetting, `is set beside ${namedSetting(path, env, reading)}; keep one of them`);
    return null;
  }
  try {
    // Editors end a file with a line break, and so does `echo`: no password does.
    const secret = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (secret !== '' && !/[\r\n]/.test(secret)) return secret;
    const found = secret === '' ? 'is empty' : 'has several lines';
    reading.problem(fileSetting, `${file} ${found}; it should hold the password and nothing else`);
  } catch (error) {
    reading.problem(fileSetting, `can't be read: ${(error as Error).message}`);
  }
  return null;
}

/** What to blame: the environment variable, where it is what was read. */
export function namedSetting(path: string, env: string, { env: environment }: Reading): string {
  return environment[env] ? `${env} (for ${path})` : path;
}

import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Environment } from '../config/read-section.ts';

const CONFIGURATION_ERROR = 2;

/**
 * The configuration for a command, before it contacts anything. If there are problems, they are printed, one a line, the
 * exit code is set to 2, and the answer is undefined: the command has nothing more to do.
 */
export function loadConfigOrReport(
  path: string,
  env: Environment,
  host: { exitCode?: number | string | null | undefined; stderr: { write(text: string): unknown } } = process,
): Config | undefined {
  try {
    return loadConfig(path, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) host.stderr.write(`${problem}\n`);
    host.exitCode = CONFIGURATION_ERROR;
    return undefined;
  }
}

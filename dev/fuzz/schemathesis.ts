import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pythonEnvironment } from '../python-environment.ts';

const CONFIGURATION = join(import.meta.dirname, 'schemathesis.toml');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** Where Schemathesis is, in a Python environment of its own. It is made where it is not there yet. */
export async function schemathesis(): Promise<string> {
  return join(await pythonEnvironment('schemathesis', REQUIREMENTS), 'schemathesis');
}

export interface Attack {
  readonly program: string;
  /** Base URL of the service. */
  readonly url: string;
  readonly token: string | null;
  readonly seed: number;
  /** Of each operation. */
  readonly examples: number;
  /** For what Schemathesis writes down. */
  readonly directory: string;
}

/**
 * What is not looked at. `positive_data_acceptance`: a key may well be not locked, a cursor none of ours. `unsupported_method`:
 * a path that is there for GET alone answers others with 404. `negative_data_rejection`: what nobody asks for in a URL is ignored.
 */
const PASSED_OVER = ['positive_data_acceptance', 'unsupported_method', 'negative_data_rejection'];

/** Tries to break the service. True: nothing was found. */
export async function attack({ program, url, token, seed, examples, directory }: Attack): Promise<boolean> {
  // Without tokens nobody is refused for lack of one.
  const passedOver =
    token === null ? [...PASSED_OVER, 'ignored_auth', 'missing_required_header'] : PASSED_OVER;
  const child = spawn(
    program,
    [
      ...[
        '--config-file',
        CONFIGURATION,
        'run',
        `${url}/openapi.json`,
        '--checks',
        'all',
        '--exclude-checks',
        passedOver.join(','),
      ],
      ...['--phases', 'examples,coverage,fuzzing,stateful', '--mode', 'all', '--continue-on-failure'],
      // Two at a time race with each other inside of Schemathesis, and what fails then fails once.
      ...['--seed', String(seed), '--max-examples', String(examples), '--workers', '1'],
      ...['--generation-database', 'none', '--no-color', '--request-timeout', '20'],
      ...(token === null ? [] : ['--header', `Authorization: Bearer ${token}`]),
    ],
    { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

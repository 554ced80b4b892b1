import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { pythonEnvironment } from '../../dev/python-environment.ts';
import { runExample } from '../support/example-run.ts';
import { brokenPromises } from '../support/example-verdict.ts';

const directory = join(import.meta.dirname, '../../examples/python');

test.each(['instance', 'service'] as const)('Python: order is kept though the %s is killed', async (kill) => {
  const programs = await pythonEnvironment('example', join(directory, 'requirements.txt'));
  const command = [join(programs, 'python'), '-B', 'order_service.py'];
  const run = await runExample({ command, directory }, { kill });
  expect(brokenPromises(run, 'gate')).toEqual([]);
});

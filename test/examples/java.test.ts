import { expect, test } from '@jest/globals';
import { brokenPromises } from '../support/example-verdict.ts';
import { runExample } from '../support/example-run.ts';
import { mavenExample } from '../support/maven-example.ts';

test.each(['instance', 'service'] as const)('Java: order is kept though the %s is killed', async (kill) => {
  const run = await runExample(await mavenExample('java'), { kill });
  expect(brokenPromises(run, 'gate')).toEqual([]);
});

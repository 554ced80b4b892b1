import { expect, test } from '@jest/globals';
import { brokenPromises } from '../support/example-verdict.ts';
import { runExample } from '../support/example-run.ts';
import { mavenExample } from '../support/maven-example.ts';

test('Spring: order is kept though an instance is killed', async () => {
  const run = await runExample(await mavenExample('spring'), { kill: 'instance' });
  expect(brokenPromises(run, 'gate')).toEqual([]);
});

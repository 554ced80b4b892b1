import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { brokenPromises } from '../support/example-verdict.ts';
import { runExample } from '../support/example-run.ts';
import type { Example } from '../support/orders-instance.ts';

const root = join(import.meta.dirname, '../..');

test.each(['rdkafka', 'kafkajs'])(
  'TypeScript, %s: order is kept though an instance is killed',
  async (name) => {
    const run = await runExample(program(name), { kill: 'instance' });
    expect(brokenPromises(run, 'gate')).toEqual([]);
  },
);

test('TypeScript, without a gate: what failed is retried, and nothing is lost', async () => {
  const run = await runExample(program('without-gate'), { kill: 'nobody', settings: { gate: false } });
  expect(brokenPromises(run, 'without gate')).toEqual([]);
});

function program(name: string): Example {
  return {
    command: [process.execPath, '--import', 'tsx', `examples/typescript/${name}.ts`],
    directory: root,
  };
}

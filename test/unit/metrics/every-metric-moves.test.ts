import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Definition } from '../../../src/metrics/definition.ts';
import { definitions } from '../../../src/metrics/definitions.ts';
import { processDefinitions } from '../../../src/metrics/process-definitions.ts';
import { shardDefinitions } from '../../../src/metrics/shard-definitions.ts';
import { MOVED_IN_STORM } from '../../support/moved-in-storm.ts';

const ALL = Object.values<Definition>({ ...definitions, ...shardDefinitions, ...processDefinitions });

/** The metrics that a test waits for to move, in the service as a process: `bench.moved('…', …)`. */
function movedInTests(): string[] {
  const folder = join(import.meta.dirname, '../../end-to-end');
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
  return files.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/\.moved\('(\w+)'/g)].map(([, name]) => name!),
  );
}

test('every metric is moved by what the service does: in the storm (seen.test.ts), or in a test that waits for it', () => {
  const names = ALL.map(({ name }) => name).sort();
  expect([...new Set([...movedInTests(), ...MOVED_IN_STORM])].sort()).toEqual(names);
});

test('every metric says what it is, and in which unit', () => {
  for (const { name, help, unit, type } of ALL) {
    expect([name, help]).toEqual([name, expect.stringMatching(/^[A-Z0-9].*\.$/)]);
    if (unit === 'seconds' || unit === 'bytes') expect(name).toMatch(new RegExp(`_${unit}(_total)?$`));
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  }
});

test('labels are bounded: by their definition, or by what the process itself has', () => {
  const open = ALL.flatMap(({ labels }) => Object.entries(labels).filter(([, values]) => values === null));
  // Each is bounded by its source: scripts, partitions, paths of the API, versions, servers; error classes by a test of their own.
  expect([...new Set(open.map(([label]) => label))].sort()).toEqual([
    'error_class',
    'node_version',
    'partition',
    'path',
    'script',
    'target',
    'version',
  ]);
});

// `tsx test/support/run-in-parts.ts PROJECT [NAME…]`: the tests of one of jest's projects, or those whose path contains one of
// the names, in two processes side by side, each with a Kafka and a Redis of its own: tests wait more than they compute. Why
// not by jest's own workers: see fail-on-leak.ts.
// With servers from the environment there is one part, since some tests change settings of their server.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Workspace } from '../../dev/stack/workspace.ts';
import { deal } from './deal.ts';

/** What jest writes as JSON, as far as it is needed. */
interface Results {
  readonly numPassedTestSuites: number;
  readonly numTotalTestSuites: number;
  readonly numPassedTests: number;
  readonly numTotalTests: number;
}

/** Each part sums up; here the sum of both comes last. */
const SUMMARY = /^(?:Test Suites:|Tests:|Snapshots:|Time:|Ran all test suites|Test results written to:)/;

const [project = '', ...names] = process.argv.slice(2);
const folder = join('test', project);
const files = (await readdir(folder, { recursive: true }))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join(folder, name))
  .filter((path) => names.length === 0 || names.some((name) => path.includes(name)));
const begun = performance.now();
await using workspace = await Workspace.open();
const children = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // To npm, its shell and jest, which is the group: npm alone would leave jest behind.
    for (const { pid } of children) if (pid !== undefined) process.kill(-pid, signal);
  });
}
const alone = process.env['KAFKA_BROKERS'] !== undefined && process.env['REDIS_URL'] !== undefined;
const parts = await Promise.all(deal(files.sort(), alone ? 1 : 2).map(run));

const sum = (count: keyof Results): number => parts.reduce((all, { results }) => all + results[count], 0);
const counted = (passed: number, total: number): string =>
  [...(passed < total ? [`${total - passed} failed`] : []), `${passed} passed`, `${total} total`].join(', ');
const success = parts.every((part) => part.success);
process.stdout.write(
  `\nTest Suites: ${counted(sum('numPassedTestSuites'), sum('numTotalTestSuites'))}\n` +
    `Tests:       ${counted(sum('numPassedTests'), sum('numTotalTests'))}\n` +
    `Time:        ${((performance.now() - begun) / 1_000).toFixed(0)} s\n` +
    (success ? '' : `${project}: failed\n`),
);
process.exitCode = success ? 0 : 1;

async function run(
  paths: readonly string[],
  index: number,
): Promise<{ readonly success: boolean; readonly results: Results }> {
  const report = join(workspace.directory, `part-${String(index)}.json`);
  const options = ['--selectProjects', project, '--json', '--outputFile', report, '--runTestsByPath'];
  const child = spawn('npm', ['run', '--silent', 'jest', '--', ...options, ...paths], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  children.add(child);
  const ended = once(child, 'close') as Promise<[number | null]>;
  pass(child.stdout, process.stdout);
  pass(child.stderr, process.stderr);
  const [code] = await ended;
  children.delete(child);
  const none = {
    numPassedTestSuites: 0,
    numTotalTestSuites: paths.length,
    numPassedTests: 0,
    numTotalTests: 0,
  };
  const results = await readFile(report, 'utf8').then(
    (text) => JSON.parse(text) as Results,
    () => none,
  );
  return { success: code === 0, results };
}

/** Line by line, so that those of two parts stay whole. */
function pass(from: Readable, to: NodeJS.WritableStream): void {
  createInterface(from).on('line', (line) => {
    if (!SUMMARY.test(line)) to.write(`${line}\n`);
  });
}

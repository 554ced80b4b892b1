import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseDocument, stringify } from 'yaml';
import {
  chartFolder,
  objectsOf,
  rendered,
  run,
  temporaryFolder,
  tool,
  toolFolder,
  variants,
} from '../support/chart.ts';

const named = variants.map((path) => [basename(path), path] as const);
const production = join(chartFolder, 'ci/production-values.yaml');

test.each(named)('helm lint --strict: %s', async (_name, values) => {
  const { status, output } = await tool('helm', ['lint', '--strict', chartFolder, '-f', values]);
  expect(status === 0 ? '' : output).toBe('');
});

test('the unit tests of the templates', async () => {
  const { status, output } = await tool('helm-unittest', [chartFolder]);
  expect(status === 0 ? '' : output).toBe('');
  expect(output).toMatch(/Test Suites:\s+[1-9]\d* passed/);
});

test("everything fits Kubernetes' schemas and those of the operators", async () => {
  await using folder = await temporaryFolder();
  for (const [name, values] of named) await writeFile(join(folder.path, name), await rendered(values));
  const crds = (await toolFolder('crds')) ?? '';
  const { status, output } = await tool('kubectl-validate', [
    folder.path,
    '--version',
    '1.30',
    '--local-crds',
    crds,
  ]);
  expect(status === 0 ? '' : output).toBe('');
});

test('the rules are rules of Prometheus, with the addresses of the runbook, and without those left out', async () => {
  const rule = (await objectsOf(production)).find(({ kind }) => kind === 'PrometheusRule');
  const text = stringify(rule?.spec);
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'rules.yaml');
  await writeFile(file, text);
  const { status, output } = await run('promtool', ['check', 'rules', file]);
  expect(status === 0 ? '' : output).toBe('');
  expect(text).toContain(
    'runbook_url: https://git.example.com/retry-orchestrator/blob/main/docs/runbook/RetryLocksGrowing.md',
  );
  expect(text).toContain('{{ $labels.route }}');
  expect(text).not.toContain('RetryLockOld');
});

test('the rules are those of the project, every one', async () => {
  const objects = await objectsOf(
    join(chartFolder, 'ci/minimal-values.yaml'),
    '--set',
    'prometheusRule.enabled=true',
  );
  const rules = readFileSync(new URL('../../grafana/alerts/rules.yaml', import.meta.url), 'utf8');
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
  expect(rule?.spec).toEqual(parseDocument(rules).toJS());
});

test('the dashboards are those of the project, and find the runbook', async () => {
  const maps = (await objectsOf(production)).filter(
    ({ metadata }) => metadata.labels['grafana_dashboard'] === '1',
  );
  expect(maps).toHaveLength(2);
  for (const { data = {}, metadata } of maps) {
    expect(metadata.annotations).toEqual({ grafana_folder: 'Kafka' });
    const text = Object.values(data).join('');
    expect(Buffer.byteLength(text)).toBeLessThan(2 ** 20);
    expect(text).toContain('https://git.example.com/retry-orchestrator/blob/main/docs/runbook');
    expect(text).not.toContain('example.org');
    expect((JSON.parse(text) as { uid: string }).uid).toMatch(/^retry-orchestrator-/);
  }
});

test('a pod has longer to stop than the service takes at most', async () => {
  const source = readFileSync(new URL('../../src/commands/run-until-signal.ts', import.meta.url), 'utf8');
  const deadline = Number(/STOP_DEADLINE_MS = ([\d_]+)/.exec(source)?.[1]?.replaceAll('_', '')) / 1_000;
  const deployment = (await objectsOf(production, '--set', 'preStopSleepSeconds=7')).find(
    ({ kind }) => kind === 'Deployment',
  );
  const { spec } = (deployment?.spec as { template: { spec: { terminationGracePeriodSeconds: number } } })
    .template;
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(deadline + 7 + 3);
});

test('the commands of NOTES.txt, the jobs and the pods are there', async () => {
  const { output } = await tool('helm', [
    ...[
      'install',
      'retries',
      chartFolder,
      '-n',
      'apps',
      '--dry-run=client',
      '-f',
      join(chartFolder, 'ci/minimal-values.yaml'),
    ],
  ]);
  const notes = output.slice(output.indexOf('NOTES:'));
  expect(notes).toContain('kubectl -n apps rollout status deployment/retries-retry-orchestrator');
  expect(notes).toContain('helm test -n apps retries --logs');
  const commands = [...notes.matchAll(/dist\/cli\.js (\S+)/g)].map(([, name = '']) => name);
  expect(commands).toEqual(['routes']);
  const cli = ['--import', 'tsx', 'src/cli.ts'];
  for (const args of [...commands, 'serve', 'doctor'].map((name) => [name, '--help'])) {
    const { status, output: help } = await run(process.execPath, [...cli, ...args]);
    expect({ args, status }).toEqual({ args, status: 0 });
    expect(help).toContain(`Usage: retry-orchestrator ${args[0] ?? ''}`);
    if (args[0] === 'doctor') expect(help).toContain('--create-topics');
  }
});

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Workspace } from '../../../dev/stack/workspace.ts';
import { alertGroups } from '../../../grafana/alerts/rule-file.ts';
import { deadLetterCases } from './dead-letter-cases.ts';
import { flowCases } from './flow-cases.ts';
import { keyCases } from './key-cases.ts';
import { promtool, writeTests } from './promtool.ts';
import { readingCases } from './reading-cases.ts';
import { serviceCases } from './service-cases.ts';

const cases = [...keyCases, ...deadLetterCases, ...flowCases, ...readingCases, ...serviceCases];
const names = alertGroups().flatMap(({ alerts }) => alerts.map(({ name }) => name));

let workspace: Workspace;
beforeAll(async () => (workspace = await Workspace.open()));
afterAll(() => workspace[Symbol.asyncDispose]());

test('Prometheus has nothing against the rule file', async () => {
  await promtool('check', 'rules', join(import.meta.dirname, '../../../grafana/alerts/rules.yaml'));
});

describe('in time that promtool makes', () => {
  test('each alert fires when it should, and not when it should not', async () => {
    await promtool('test', 'rules', ...(await writeTests(workspace.directory, cases)));
  });

  test.each(names)('%s has a case in which it fires, and one in which it is silent', (name) => {
    const of = cases.filter(({ alert }) => alert === name);
    expect([...new Set(of.map(({ fires }) => fires.length > 0))].sort()).toEqual([false, true]);
  });

  test('a case that says the opposite is found', async () => {
    const [first] = cases;
    const wrong = writeTests(workspace.directory, [{ ...first!, fires: [] }]);
    await expect(wrong.then((file) => promtool('test', 'rules', ...file))).rejects.toThrow(/FAILED/);
  });
});

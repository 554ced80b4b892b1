import { describe, expect, test } from '@jest/globals';
import { alertGroups, prometheusRule, ruleFile } from '../../../grafana/alerts/rule-file.ts';
import { parse } from 'yaml';
import { metricsIn, unknownIn } from '../../support/promql.ts';

const alerts = alertGroups().flatMap((group) => group.alerts);

test.each(alerts)('$name asks for metrics and labels that exist', ({ expr }) => {
  expect(metricsIn(expr)).not.toEqual([]);
  expect(unknownIn(expr)).toEqual([]);
});

test.each([
  ['sum (retry_orchestrator_lock_held)', ['retry_orchestrator_lock_held']],
  ['sum by (shard) (retry_orchestrator_locks_held)', ['shard']],
  ['retry_orchestrator_locks_held{partition="1"}', ['retry_orchestrator_locks_held{partition}']],
  [
    'retry_orchestrator_dead_letters_total{reason=~"fatal|bored"}',
    ['retry_orchestrator_dead_letters_total{reason="bored"}'],
  ],
  ['node_load1 > 3', ['node_load1']],
])('what does not exist is found in %s', (expr, found) => {
  expect(unknownIn(expr)).toEqual(found);
});

test('names are told once', () => {
  const names = alerts.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

describe('what can be said when the files are made', () => {
  interface File {
    readonly groups: readonly {
      readonly rules: readonly {
        readonly alert: string;
        readonly expr: string;
        readonly for?: string;
        readonly annotations: Readonly<Record<string, string>>;
      }[];
    }[];
  }
  const rules = (text: string): File['groups'][number]['rules'] =>
    (parse(text) as File).groups.flatMap((group) => group.rules);

  test('limits, the address of the pages, and how long it must be true', () => {
    const text = ruleFile({
      limits: { oldestLockSeconds: 7 },
      runbooks: 'https://pages.test/runs/',
      holds: (seconds) => seconds / 10,
    });
    const old = rules(text).find(({ alert }) => alert === 'RetryLockOld');
    expect(old?.expr).toMatch(/> 7$/);
    expect(old?.for).toBe('30s');
    expect(old?.annotations['runbook_url']).toBe('https://pages.test/runs/docs/runbook/RetryLockOld.md');
  });

  test('the PrometheusRule has the same rules', () => {
    const { spec } = parse(prometheusRule()) as { spec: File };
    expect(spec.groups).toEqual((parse(ruleFile()) as File).groups);
  });
});

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { Alert } from '../../../grafana/alerts/alert.ts';
import { alertGroups, ruleFile, runbookPage } from '../../../grafana/alerts/rule-file.ts';
import { PREFIX } from '../../../src/metrics/metrics.ts';
import type { AlertCase } from './alert-case.ts';

const run = promisify(execFile);

/** Runs promtool, which Debian's package `prometheus` brings; throws with what it complains about. */
export async function promtool(...args: readonly string[]): Promise<void> {
  try {
    await run('promtool', args);
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error([stdout, stderr].join('\n').trim() || message, { cause: error });
  }
}

/**
 * Puts the tests of each alert into a directory, with a rule file that has only that alert: promtool evaluates all rules of a
 * file for each test. Resolves with the files of the tests, in promtool's form: YAML, so also JSON.
 */
export async function writeTests(directory: string, cases: readonly AlertCase[]): Promise<string[]> {
  const alerts = [...new Set(cases.map(({ alert }) => alert))];
  return Promise.all(
    alerts.map(async (alert) => {
      const tests = join(directory, `${alert}.tests.yaml`);
      const of = cases.filter((each) => each.alert === alert).map(testOf);
      await writeFile(join(directory, `${alert}.yaml`), JSON.stringify(rulesOf(alert)));
      await writeFile(
        tests,
        JSON.stringify({ rule_files: [`${alert}.yaml`], evaluation_interval: '1m', tests: of }),
      );
      return tests;
    }),
  );
}

/** What the rule file says of one alert. */
function rulesOf(name: string): object {
  const { groups } = parse(ruleFile()) as { groups: { name: string; rules: { alert: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules).filter(({ alert }) => alert === name);
  return { groups: [{ name, rules }] };
}

function testOf({ alert, when, series, at, fires }: AlertCase): object {
  const { severity, summary } = alertNamed(alert);
  return {
    name: `${alert}: ${when}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({
      series: /^(process_|up\b)/.test(name) ? name : PREFIX + name,
      values,
    })),
    alert_rule_test: [
      {
        eval_time: at,
        alertname: alert,
        exp_alerts: fires.map(({ labels, value }) => ({
          exp_labels: { severity, ...labels },
          exp_annotations: {
            summary: summary.replaceAll(
              /\{\{ \$labels\.(\w+) \}\}/g,
              (_, name: string) => labels[name] ?? '',
            ),
            value,
            runbook_url: runbookPage(alert),
          },
        })),
      },
    ],
  };
}

function alertNamed(name: string): Alert {
  const found = alertGroups()
    .flatMap(({ alerts }) => alerts)
    .find((alert) => alert.name === name);
  if (found === undefined) throw new Error(`no alert is named ${name}`);
  return found;
}

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { alertGroups, ruleFile } from '../../grafana/alerts/rule-file.ts';
import { filledIn } from '../../grafana/source/fill-in.ts';
import { PREFIX } from '../../src/metrics/metrics.ts';
import { dashboards } from '../support/dashboards.ts';
import { MOVED_IN_STORM } from '../support/moved-in-storm.ts';
import { complaints } from '../support/promtool-check.ts';
import { raiseStorm, type Storm } from '../support/storm.ts';
import { waitFor } from '../support/wait-for.ts';

/** At once, where a storm of seconds is enough; and not for what only a busy machine causes. */
const alerts = ruleFile({
  holds: () => 0,
  limits: { deadLetterBurst: 5, latenessSeconds: 60, restoreSeconds: 600 },
});

/** Nothing here speaks TLS. */
const EMPTY = ['Certificates expire in'];

let storm: Storm | undefined;

beforeAll(async () => {
  storm = await raiseStorm({ alerts });
}, 120_000);

afterAll(async () => {
  await storm?.[Symbol.asyncDispose]();
});

/** As Grafana would ask at the end of the storm, over all of it. */
async function points(expr: string, isInstant: boolean): Promise<number[]> {
  const { prometheus, from, to, namespace, bench } = storm!;
  const query = filledIn(expr, {
    namespace,
    route: bench.route('orders').name,
    __rate_interval: '5s',
  });
  if (isInstant) return (await prometheus.api.query(query, to)).map(({ value }) => value);
  const series = await prometheus.api.queryRange(query, { from, to, step: 1 });
  return series.flatMap((one) => one.points.map(([, value]) => value));
}

test.each(dashboards())('every query of $file has an answer', async ({ panels }) => {
  const queries = panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => ({ ...target, title })),
  );
  expect(queries).not.toHaveLength(0);
  const without: string[] = [];
  for (const { title, legendFormat, expr, instant = false } of queries) {
    const answer = await points(expr, instant).catch((error: unknown) => error as Error);
    const told = answer instanceof Error ? answer.message : answer.some(Number.isFinite) ? null : 'no data';
    if (told !== null && !(told === 'no data' && EMPTY.includes(title)))
      without.push(`${title} / ${legendFormat}: ${told}\n${expr}`);
  }
  expect(without).toEqual([]);
});

test('the variables of the dashboards list what there is', async () => {
  const { prometheus, namespace, bench } = storm!;
  const asked = dashboards().flatMap(({ templating }) =>
    templating.list.flatMap(({ query }) => {
      const text = (query as { query?: string }).query;
      return text === undefined ? [] : [text];
    }),
  );
  expect(asked).toHaveLength(4);
  for (const query of asked) {
    const [, series = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
    const values = await prometheus.api.labelValues(label, filledIn(series, { namespace }));
    const routes = [bench.route('orders').name, bench.route('payments').name].sort();
    expect(values).toEqual(label === 'namespace' ? [namespace] : routes);
  }
});

describe('of the alerts', () => {
  test('each is evaluated without an error', async () => {
    const all = alertGroups()
      .flatMap((group) => group.alerts.map(({ name }) => `${name}: ok`))
      .sort();
    const told = async (): Promise<string> => {
      const rules = await storm!.prometheus.api.rules();
      return rules
        .map(({ name, health, lastError = '' }) => `${name}: ${health} ${lastError}`.trim())
        .sort()
        .join('\n');
    };
    await waitFor('all rules to be evaluated', async () => (await told()) === all.join('\n'), {
      state: told,
    });
  });

  test('those fire that the storm causes, and no others', async () => {
    const { prometheus, bench, namespace } = storm!;
    const [orders, payments] = (['orders', 'payments'] as const).map((name) => bench.route(name).name);
    const expected = [
      `RetryBreakerOpen ${payments}`,
      `RetryDeadLetterBurst ${orders}`,
      `RetryDeadLettersOpen ${orders}`,
      `RetryLocksGrowing ${payments}`,
    ];
    const firing = async (): Promise<string[]> => {
      const now = await prometheus.api.alerts();
      return now.map(({ labels }) => `${labels['alertname']} ${labels['route'] ?? ''}`.trim()).sort();
    };
    // What orders had locked is unlocked when it has calmed down.
    await waitFor('these alerts', async () => (await firing()).join() === expected.join(), {
      ...{ within: 60_000, every: 500 },
      state: firing,
    });
    for (const { labels, annotations } of await prometheus.api.alerts()) {
      expect(labels['namespace']).toBe(namespace);
      expect(Object.values(annotations).join(' ')).not.toMatch(/\{\{|error|NaN/);
      expect(annotations['runbook_url']).toBe(`docs/runbook/${labels['alertname']}.md`);
    }
  }, 90_000);
});

test('promtool has no complaint about the metrics of the service', async () => {
  const exposed = await fetch(new URL('/metrics', storm!.bench.service.url));
  await expect(complaints(await exposed.text())).resolves.toBe('');
});

test('the storm moved what it moves', async () => {
  const { prometheus, to } = storm!;
  const still: string[] = [];
  for (const name of MOVED_IN_STORM) {
    const series = `{__name__=~"${PREFIX}${name}(_count)?"}`;
    const seen = await prometheus.api.query(`max_over_time(${series}[10m]) > 0`, to);
    if (seen.length === 0) still.push(name);
  }
  expect(still).toEqual([]);
});

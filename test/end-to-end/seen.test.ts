import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { filledIn } from '../../grafana/source/fill-in.ts';
import { dashboards } from '../support/dashboards.ts';
import { raiseStorm, type Storm } from '../support/storm.ts';

/** Nothing here speaks TLS. */
const EMPTY = [
  'Certificates expire in',
  'Lag of the consumers, by route',
  'Age of what was not read yet, by route',
  'Main topic: not committed yet',
];

let storm: Storm | undefined;

beforeAll(async () => {
  storm = await raiseStorm();
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

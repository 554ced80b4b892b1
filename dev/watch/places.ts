import { filledIn } from '../../grafana/source/fill-in.ts';
import { overview } from '../../grafana/source/overview.ts';
import { queriesOf } from '../../grafana/source/panel.ts';

const EVERYTHING = { namespace: '.*', route: '.*', __rate_interval: '10s' };
/** Panels of the overview that say most when looked at alone. */
const GRAPHS = ['Locked keys', 'Keys locked and unlocked', 'Outcomes of retries', 'Lateness, p99'];

/** Where to look, a line each. */
export function places(given: {
  readonly service: string;
  readonly prometheus: string;
  /** undefined: it is not installed. */
  readonly grafana: string | undefined;
}): string[] {
  const { service, prometheus, grafana } = given;
  const panels = overview.rows.flatMap((row) => row.panels);
  const graphs = GRAPHS.map((title) => {
    const panel = panels.find((one) => one.title === title);
    if (panel === undefined) throw new Error(`the overview has no panel ${title}`);
    return [
      title,
      graphUrl(
        prometheus,
        queriesOf(panel).map(({ expr }) => expr),
      ),
    ] as const;
  });
  const rows = [
    ['the service', `${service}/docs`],
    ['its metrics', `${service}/metrics`],
    ['its locks', `${service}/v1/routes/orders/locks`],
    ...(grafana === undefined ? [] : [['dashboards', grafana] as const]),
    ['Prometheus', `${prometheus}/graph`],
    ...graphs,
  ] as const;
  const lines = rows.map(([name, url]) => `  ${name.padEnd(26)}${url}`);
  if (grafana === undefined) {
    lines.push(
      '  Grafana is not installed; docs/dashboards.md says how to import grafana/dashboards/ into yours.',
    );
  }
  return lines;
}

/** Prometheus' own page of a graph of the last minutes. */
function graphUrl(prometheus: string, queries: readonly string[]): string {
  const parameters = new URLSearchParams();
  for (const [i, expr] of queries.entries()) {
    parameters.set(`g${i}.expr`, filledIn(expr, EVERYTHING));
    parameters.set(`g${i}.tab`, '0');
    parameters.set(`g${i}.range_input`, '5m');
  }
  // Not every page of Prometheus takes a plus for a space.
  return `${prometheus}/graph?${parameters.toString().replaceAll('+', '%20')}`;
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filledIn } from '../../grafana/source/fill-in.ts';
import { overview } from '../../grafana/source/overview.ts';
import { type Panel, queriesOf } from '../../grafana/source/panel.ts';
import { route } from '../../grafana/source/route.ts';
import { ROUTE } from '../demo/service-config.ts';
import type { PrometheusApi, PrometheusRange } from '../stack/prometheus-api.ts';
import { bands } from './picture/bands.ts';
import { cells } from './picture/cells.ts';
import { curves } from './picture/curves.ts';
import { grid, gridHeight } from './picture/grid.ts';
import { type Placed, sheet } from './picture/sheet.ts';
import { tile } from './picture/tile.ts';

const VALUES = { namespace: '.*', route: ROUTE, __rate_interval: '10s' };
const FIGURE = 96;
const CHART = 220;

/** Draws each row of the dashboards from what Prometheus answers. Resolves with the files. */
export async function drawDashboards(
  api: PrometheusApi,
  range: PrometheusRange,
  directory: string,
): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const files: string[] = [];
  for (const [name, { rows }] of Object.entries({ overview, route })) {
    for (const [i, { title, panels }] of rows.entries()) {
      const placed: Placed[] = [];
      for (const panel of panels) if (panel.kind !== 'words') placed.push(await asked(api, range, panel));
      const file = join(directory, `${name}-${i + 1}.svg`);
      await writeFile(file, sheet(filledIn(title, VALUES), placed));
      files.push(file);
    }
  }
  return files;
}

type Drawn = Exclude<Panel, { kind: 'words' }>;

async function asked(api: PrometheusApi, range: PrometheusRange, panel: Drawn): Promise<Placed> {
  const queries = queriesOf(panel).map(({ expr }) => filledIn(expr, VALUES));
  const { width } = panel;
  if (panel.kind === 'table') {
    const answers = await Promise.all(queries.map((query) => api.query(query, range.to)));
    const rows = Math.max(...answers.map(({ length }) => length));
    return { width, height: gridHeight(rows), draw: (box) => grid(panel, answers, box) };
  }
  const answers = await Promise.all(queries.map((query) => api.queryRange(query, range)));
  const [first = []] = answers;
  switch (panel.kind) {
    case 'figure':
      return { width, height: FIGURE, draw: (box) => tile(panel, first, box) };
    case 'curves':
      return { width, height: CHART, draw: (box) => curves(panel, answers, range.from, box) };
    case 'states':
      return { width, height: CHART, draw: (box) => bands(panel, first, box) };
    case 'heat':
      return { width, height: CHART, draw: (box) => cells(panel, first, box) };
  }
}

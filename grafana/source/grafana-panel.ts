import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as text from '@grafana/grafana-foundation-sdk/text';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type {
  Figure,
  Heat,
  Meanings,
  Panel,
  Query,
  States,
  Curves,
  Table,
  Threshold,
  Words,
} from './panel.ts';
import { runbookUrl } from './runbook.ts';
import { DATASOURCE } from './variables.ts';

const HEIGHT = { figure: 5, curves: 8, states: 7, heat: 8, table: 8, words: 8 } as const;

/** What all kinds of panels have. */
interface Common<Self> {
  id(id: number): Self;
  title(title: string): Self;
  description(description: string): Self;
  span(width: number): Self;
  height(height: number): Self;
  datasource(source: common.DataSourceRef): Self;
  links(links: Builder<grafana.DashboardLink>[]): Self;
}

/** A panel as Grafana's builders make it. Its place follows from what came before. */
export function panelOf(panel: Panel, id: number): Builder<grafana.Panel> {
  switch (panel.kind) {
    case 'figure':
      return described(figure(panel), panel, id);
    case 'curves':
      return described(curves(panel), panel, id);
    case 'states':
      return described(states(panel), panel, id);
    case 'heat':
      return described(heat(panel), panel, id);
    case 'table':
      return described(presentValues(panel), panel, id);
    case 'words':
      return described(words(panel), panel, id);
  }
}

function described<Self extends Common<Self>>(builder: Self, panel: Panel, id: number): Self {
  const { title, description, runbook, width, kind } = panel;
  builder.id(id).title(title).span(width).height(HEIGHT[kind]).datasource(DATASOURCE);
  if (runbook === undefined) return builder.description(description);
  const url = runbookUrl(runbook);
  return builder
    .description(`${description}\n\n[What to do](${url})`)
    .links([
      new grafana.DashboardLinkBuilder('Runbook')
        .type(grafana.DashboardLinkType.Link)
        .url(url)
        .targetBlank(true),
    ]);
}

function figure({ unit, queries, thresholds = [], meanings, idle }: Figure): stat.PanelBuilder {
  const builder = new stat.PanelBuilder()
    .unit(unit)
    .targets(targets(queries))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .graphMode(common.BigValueGraphMode.Area)
    .thresholds(steps(thresholds))
    .noValue(idle ?? '–');
  return meanings === undefined ? builder : builder.mappings(mappings(meanings));
}

function curves({ unit, queries, stacked = false }: Curves): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .unit(unit)
    .targets(targets(queries))
    .min(0)
    .lineWidth(1)
    .fillOpacity(stacked ? 30 : 10)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (!stacked) return builder;
  return builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
}

function states({ unit, queries, meanings }: States): statetimeline.PanelBuilder {
  return new statetimeline.PanelBuilder()
    .unit(unit)
    .targets(targets(queries))
    .mergeValues(true)
    .mappings(mappings(meanings))
    .thresholds(steps([]));
}

function heat({ unit, queries }: Heat): heatmap.PanelBuilder {
  return new heatmap.PanelBuilder()
    .unit(unit)
    .targets(queries.map((query, i) => target(query, i).format(prometheus.PromQueryFormat.Heatmap)))
    .calculate(false)
    .yAxis(new heatmap.YAxisConfigBuilder().unit(unit))
    .color(new heatmap.HeatmapColorOptionsBuilder().scheme('Oranges').mode(heatmap.HeatmapColorMode.Scheme));
}

function presentValues({ by, columns }: Table): table.PanelBuilder {
  const rows = by.map(({ label, title }) => [label, title] as const);
  const names = columns.map(({ title }, i) => [`Value #${refId(i)}`, title] as const);
  const builder = new table.PanelBuilder()
    .targets(
      columns.map(({ expr, title }, i) =>
        new prometheus.DataqueryBuilder()
          .refId(refId(i))
          .expr(expr)
          .legendFormat(title)
          .format(prometheus.PromQueryFormat.Table)
          .instant(),
      ),
    )
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        renameByName: Object.fromEntries([...rows, ...names]),
      },
    });
  for (const { title, unit, meanings } of columns) {
    builder.overrideByName(title, [
      { id: 'unit', value: unit },
      ...(meanings === undefined ? [] : [{ id: 'mappings', value: mappings(meanings) }]),
    ]);
  }
  return builder;
}

function words({ text: content }: Words): text.PanelBuilder {
  return new text.PanelBuilder().mode(text.TextMode.Markdown).content(content);
}

function targets(queries: readonly Query[]): prometheus.DataqueryBuilder[] {
  return queries.map((query, i) => target(query, i).range());
}

function target({ expr, legend }: Query, i: number): prometheus.DataqueryBuilder {
  return new prometheus.DataqueryBuilder()
    .refId(refId(i))
    .expr(expr)
    .legendFormat(legend)
    .datasource(DATASOURCE);
}

/** A, B, C, … as Grafana names the queries of a panel. */
function refId(i: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + i);
}

function steps(thresholds: readonly Threshold[]): grafana.ThresholdsConfigBuilder {
  return new grafana.ThresholdsConfigBuilder()
    .mode(grafana.ThresholdsMode.Absolute)
    .steps([
      { value: null, color: 'green' },
      ...thresholds.map(({ from, color }) => ({ value: from, color })),
    ]);
}

function mappings(meanings: Meanings): grafana.ValueMapping[] {
  const options = Object.fromEntries(
    Object.entries(meanings).map(([value, { text, color }], index) => [value, { text, color, index }]),
  );
  return [{ type: grafana.MappingType.ValueToText, options }];
}

import { draw } from '../../../bench/chart/draw.ts';
import { filledIn } from '../../../grafana/source/fill-in.ts';
import type { Curves, Unit } from '../../../grafana/source/panel.ts';
import type { PrometheusSeries } from '../../stack/prometheus-api.ts';
import type { Box, Drawing } from './svg.ts';

/** As many as there are colours. */
const MOST = 5;

const UNITS: Readonly<Record<Unit, string>> = {
  short: '',
  s: 'seconds',
  bytes: 'bytes',
  percentunit: 'share',
  ops: 'per second',
  reqps: 'per second',
  string: '',
  none: '',
};

/** One answer for each query of the panel. */
export type Answers = readonly (readonly PrometheusSeries[])[];

/** Lines over time, each beside the others: what Grafana stacks is not stacked here. */
export function curves(panel: Curves, answers: Answers, from: number, box: Box): Drawing {
  const all = answers
    .flatMap((series, i) =>
      series.map(({ labels, points }) => ({
        name: filledIn(panel.queries[i]!.legend.replaceAll(/\{\{(\w+)\}\}/g, '$$$1'), labels),
        points: points
          .filter(([, value]) => Number.isFinite(value))
          .map(([at, value]) => [at - from, value] as const),
      })),
    )
    .filter(({ points }) => points.length > 0);
  const peak = ({ points }: (typeof all)[number]): number => Math.max(...points.map(([, value]) => value));
  // Those that never moved say nothing in a picture; Grafana's legend has them all.
  const moved = all.filter((one) => peak(one) > 0).sort((a, b) => peak(b) - peak(a));
  const chart = {
    title: panel.title,
    x: 'seconds',
    y: UNITS[panel.unit],
    marks: [],
    series: (moved.length > 0 ? moved : all).slice(0, MOST),
  };
  const place = `x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}"`;
  return [draw(chart).replace('<svg ', `<svg ${place} `).trimEnd()];
}

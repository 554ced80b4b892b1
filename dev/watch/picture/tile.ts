import type { Figure } from '../../../grafana/source/panel.ts';
import type { PrometheusSeries } from '../../stack/prometheus-api.ts';
import { shown } from './shown.ts';
import { type Box, type Drawing, escaped, fitting, round } from './svg.ts';

/** A large number, its course behind it. */
export function tile(panel: Figure, series: readonly PrometheusSeries[], box: Box): Drawing {
  const points = (series[0]?.points ?? []).filter(([, value]) => Number.isFinite(value));
  const last = points.at(-1)?.[1];
  const { x, y, width, height } = box;
  const text = last === undefined ? (panel.idle ?? '–') : shown(last, panel.unit, panel.meanings);
  const colour = last === undefined ? 'plain' : colourOf(panel, last);
  const most = Math.max(...points.map(([, value]) => value), 1e-9);
  const [first = 0] = points[0] ?? [];
  const span = (points.at(-1)?.[0] ?? 0) - first || 1;
  const floor = y + height - 8;
  const course = points.map(
    ([at, value]) =>
      `${round(x + 8 + ((width - 16) * (at - first)) / span)},${round(floor - (Math.max(0, value) / most) * 28)}`,
  );
  const size = text.length > 12 ? 15 : 24;
  return [
    `<text class="name" x="${x + 10}" y="${y + 20}">${escaped(fitting(panel.title, width - 16))}</text>`,
    `<polyline class="course ${colour}" points="${course.join(' ')}"/>`,
    `<text class="big ${colour}" style="font-size:${size}px" x="${x + width / 2}" y="${y + 56}" text-anchor="middle">${escaped(text)}</text>`,
  ];
}

function colourOf({ thresholds = [], meanings }: Figure, value: number): string {
  const meaning = meanings?.[value];
  return meaning?.color ?? thresholds.findLast(({ from }) => value >= from)?.color ?? 'green';
}

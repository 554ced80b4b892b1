import type { States } from '../../../grafana/source/panel.ts';
import type { PrometheusSeries } from '../../stack/prometheus-api.ts';
import { type Box, type Drawing, escaped, round } from './svg.ts';

/** When it was in which state. */
export function bands(panel: States, series: readonly PrometheusSeries[], box: Box): Drawing {
  const { x, y, width, height } = box;
  const points = series[0]?.points ?? [];
  const [first = 0] = points[0] ?? [];
  const span = (points.at(-1)?.[0] ?? 0) - first || 1;
  const at = (time: number): number => x + 12 + ((width - 24) * (time - first)) / span;
  const top = y + 44;
  const pieces = points.slice(0, -1).map(([time, value], i) => {
    const colour = panel.meanings[value]?.color ?? 'plain';
    const until = points[i + 1]![0];
    return `<rect class="band ${colour}" x="${round(at(time))}" y="${top}" width="${round(at(until) - at(time) + 0.2)}" height="${height - 90}"/>`;
  });
  const seen = Object.entries(panel.meanings).map(
    ([, { text, color }], i) =>
      `<rect class="${color}" x="${x + 12 + i * 140}" y="${y + height - 30}" width="12" height="12"/>` +
      `<text x="${x + 30 + i * 140}" y="${y + height - 20}">${escaped(text)}</text>`,
  );
  return [
    `<text class="name" x="${x + 12}" y="${y + 22}">${escaped(panel.title)}</text>`,
    ...pieces,
    ...seen,
  ];
}

import type { Heat } from '../../../grafana/source/panel.ts';
import type { PrometheusSeries } from '../../stack/prometheus-api.ts';
import { shown } from './shown.ts';
import { type Box, type Drawing, escaped, round } from './svg.ts';

const COLUMNS = 60;

/** How values spread over the buckets: the darker a cell, the more of them. */
export function cells(panel: Heat, series: readonly PrometheusSeries[], box: Box): Drawing {
  const { x, y, width, height } = box;
  const upTo = ({ labels }: PrometheusSeries): number => Number(labels['le']?.replace('+Inf', 'Infinity'));
  const cumulated = [...series].sort((a, b) => upTo(a) - upTo(b));
  const times = (cumulated[0]?.points ?? []).map(([at]) => at);
  const [first = 0] = times;
  const span = (times.at(-1) ?? 0) - first || 1;
  const counts = cumulated.map(({ points }, row) => {
    const sums = new Array<number>(COLUMNS).fill(0);
    points.forEach(([at, value], i) => {
      const own = value - (row === 0 ? 0 : (cumulated[row - 1]!.points[i]?.[1] ?? 0));
      const column = Math.min(COLUMNS - 1, Math.floor(((at - first) / span) * COLUMNS));
      if (Number.isFinite(own)) sums[column]! += own;
    });
    return sums;
  });
  const most = Math.max(...counts.flat(), 1e-9);
  const left = x + 70;
  const cell = { width: (width - 86) / COLUMNS, height: (height - 50) / Math.max(1, counts.length) };
  const rows = counts.flatMap((sums, row) => {
    const top = y + height - 16 - (row + 1) * cell.height;
    const filled = sums.flatMap((sum, column) =>
      sum <= 0
        ? []
        : [
            `<rect class="cell" x="${round(left + column * cell.width)}" y="${round(top)}" width="${round(cell.width)}" height="${round(cell.height)}" opacity="${(0.15 + 0.85 * Math.sqrt(sum / most)).toFixed(2)}"/>`,
          ],
    );
    const name = shown(upTo(cumulated[row]!), panel.unit);
    const label = `<text class="small" x="${left - 6}" y="${round(top + cell.height / 2 + 4)}" text-anchor="end">${name}</text>`;
    return row % 2 === 0 ? [label, ...filled] : filled;
  });
  return [`<text class="name" x="${x + 12}" y="${y + 22}">${escaped(panel.title)}</text>`, ...rows];
}

import type { Table } from '../../../grafana/source/panel.ts';
import type { PrometheusSample } from '../../stack/prometheus-api.ts';
import { shown } from './shown.ts';
import { type Box, type Drawing, escaped, fitting } from './svg.ts';

const LINE = 24;

/** The present values. @param answers One for each column. */
export function grid(panel: Table, answers: readonly (readonly PrometheusSample[])[], box: Box): Drawing {
  const { x, y, width } = box;
  const nameOf = ({ labels }: PrometheusSample): string =>
    panel.by.map(({ label }) => labels[label] ?? '').join(' ');
  const names = [...new Set(answers.flat().map(nameOf))].sort();
  const head = [panel.by.map(({ title }) => title).join(' '), ...panel.columns.map(({ title }) => title)];
  const rows = names.map((name) => [
    name,
    ...panel.columns.map(({ unit, meanings }, i) => {
      const value = answers[i]?.find((sample) => nameOf(sample) === name)?.value;
      return value === undefined ? '–' : shown(value, unit, meanings);
    }),
  ]);
  const column = (width - 24) / head.length;
  const line = (texts: readonly string[], row: number, style: string): string[] =>
    texts.map(
      (text, i) =>
        `<text class="${style}" x="${Math.round(x + 12 + i * column)}" y="${y + 48 + row * LINE}">${escaped(fitting(text, column))}</text>`,
    );
  return [
    `<text class="name" x="${x + 12}" y="${y + 22}">${escaped(panel.title)}</text>`,
    ...line(head, 0, 'head'),
    ...rows.flatMap((row, i) => line(row, i + 1, 'value')),
  ];
}

/** px */
export function gridHeight(rows: number): number {
  return 60 + (rows + 1) * LINE;
}

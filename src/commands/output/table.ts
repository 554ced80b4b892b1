import { plain } from './plain.ts';

/** A column: its head, and what stands in it. Figures stand on the right. */
export interface Column<Row> {
  readonly head: string;
  readonly of: (row: Row) => string | number;
  readonly right?: true;
}

/** Rows in columns, two spaces apart. `width`: the last column is cut there, where a terminal would break the line. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width = Infinity): string {
  const cells = [
    columns.map(({ head }) => head),
    ...rows.map((row) => columns.map(({ of }) => plain(String(of(row))))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => widthOf(line[column] ?? ''))));
  return cells
    .map((line) =>
      cut(
        line
          .map((cell, column) => padded(cell, widths[column] ?? 0, columns[column]))
          .join('  ')
          .trimEnd(),
        width,
      ),
    )
    .join('\n');
}

function padded<Row>(cell: string, width: number, column: Column<Row> | undefined): string {
  const padding = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return column?.right === true ? padding + cell : cell + padding;
}

function cut(line: string, width: number): string {
  if (widthOf(line) <= width) return line;
  return `${charactersOf(line)
    .slice(0, Math.max(0, width - 1))
    .join('')}…`;
}

/** In characters: wide ones of East Asia stand a little out of line. */
function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : charactersOf(text).length;
}

const ASCII = /^[ -~]*$/;
const SEGMENTER = new Intl.Segmenter('en');

function charactersOf(text: string): string[] {
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

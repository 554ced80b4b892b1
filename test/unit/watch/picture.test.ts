import { expect, test } from '@jest/globals';
import { cells } from '../../../dev/watch/picture/cells.ts';
import { grid } from '../../../dev/watch/picture/grid.ts';
import { sheet } from '../../../dev/watch/picture/sheet.ts';
import { shown } from '../../../dev/watch/picture/shown.ts';
import { tile } from '../../../dev/watch/picture/tile.ts';

const box = { x: 0, y: 0, width: 300, height: 100 };
const described = { title: 'T <1>', description: 'd', width: 12 };

test.each([
  [0.0042, 's', '4.2 ms'],
  [90, 's', '90 s'],
  [7_200, 's', '2 h'],
  [1_536, 'bytes', '1.5 KiB'],
  [0, 'bytes', '0 B'],
  [0.25, 'percentunit', '25 %'],
  [12.34, 'ops', '12.3/s'],
  [NaN, 'short', '–'],
] as const)('%p in %s is shown as %s', (value, unit, text) => {
  expect(shown(value, unit)).toBe(text);
});

test('a figure shows its last value, in the colour of its threshold', () => {
  const thresholds = [{ from: 10, color: 'red' as const }];
  const panel = { ...described, kind: 'figure' as const, unit: 'short' as const, queries: [], thresholds };
  const points = [[1, 3] as const, [2, 12] as const, [3, NaN] as const];
  const drawn = tile(panel, [{ labels: {}, points }], box).join('\n');
  expect(drawn).toContain('>12</text>');
  expect(drawn).toContain('big red');
  expect(drawn).toContain('T &lt;1>');
  expect(tile({ ...panel, idle: 'no retries' }, [], box).join('\n')).toContain('no retries');
});

test('a table has a row for each value of the label, and a dash where a column does not know it', () => {
  const by = [{ label: 'route', title: 'Route' }];
  const columns = ['A', 'B'].map((title) => ({ title, expr: '', unit: 'short' as const }));
  const a = [
    { labels: { route: 'x' }, value: 1 },
    { labels: { route: 'y' }, value: 2 },
  ];
  const drawn = grid({ ...described, kind: 'table', by, columns }, [a, a.slice(1)], box);
  const texts = drawn.map((line) => />([^<]*)<\/text>/.exec(line)?.[1]);
  expect(texts.slice(1)).toEqual(['Route', 'A', 'B', 'x', '1', '–', 'y', '2', '2']);
});

test('a heatmap shows what lies in each bucket, not below it', () => {
  const bucket = (le: string, value: number) => ({
    labels: { le },
    points: [[0, value] as const, [9, value] as const],
  });
  const panel = { ...described, kind: 'heat' as const, unit: 's' as const, queries: [] };
  const drawn = cells(panel, [bucket('+Inf', 5), bucket('1', 5), bucket('0.1', 2)], box);
  // Two moments with something up to 0.1 and something up to 1; nothing above.
  expect(drawn.filter((line) => line.includes('class="cell"'))).toHaveLength(4);
});

test('panels that do not fit into the line come below', () => {
  const places: { x: number; y: number }[] = [];
  const draw = (at: { x: number; y: number }): string[] => {
    places.push(at);
    return [];
  };
  sheet(
    'S',
    [12, 12, 8].map((width) => ({ width, height: 50, draw })),
  );
  expect(places[0]!.y).toBe(places[1]!.y);
  expect(places[1]!.x).toBeGreaterThan(places[0]!.x);
  expect(places[2]!.y).toBeGreaterThan(places[0]!.y);
  expect(places[2]!.x).toBe(places[0]!.x);
});

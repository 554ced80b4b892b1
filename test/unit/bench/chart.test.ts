import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ticks } from '../../../bench/chart/chart.ts';
import { draw } from '../../../bench/chart/draw.ts';

const chart = {
  title: 'Size <of> "it"',
  x: 's',
  y: 'MiB',
  series: [
    {
      name: 'service',
      points: [
        [0, 10],
        [5, 40],
      ] as const,
    },
    {
      name: 'Redis & more',
      points: [
        [0, 0],
        [5, 20],
      ] as const,
    },
  ],
  marks: [{ at: 2.5, name: 'flushed' }],
};

describe('ticks', () => {
  test.each([
    [40, 6, [0, 10, 20, 30, 40]],
    [0.3, 3, [0, 0.1, 0.2, 0.3]],
    [95, 10, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]],
    [1_000_000, 5, [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]],
  ])('up to %d, about %d', (most, count, expected) => {
    expect(ticks(most, count)).toEqual(expected);
  });

  test('reach the greatest value and stay few, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e15, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (most, count) => {
          const values = ticks(most, count);
          expect(values.at(-1)).toBeGreaterThanOrEqual(most);
          expect(values.length).toBeLessThanOrEqual(count + 2);
        },
      ),
    );
  });
});

describe('draw', () => {
  const svg = draw(chart);

  test('puts points where the axes say: the plot is 666 wide and 262 high', () => {
    expect(svg).toContain('points="74,262.5 740,66"');
    expect(svg).toContain('points="74,328 740,197"');
  });

  test('names axes, lines and marks, and escapes what would be markup', () => {
    for (const text of [
      '>s<',
      '>MiB<',
      '>service<',
      '>Redis &amp; more<',
      '>flushed<',
      'Size &lt;of&gt; "it"',
    ])
      expect(svg).toContain(text.replace('"it"', '&quot;it&quot;'));
    expect(svg).not.toContain('<of>');
  });

  test('has colours of its own for dark pages', () => {
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  test('draws nothing into a chart without points', () => {
    expect(draw({ ...chart, series: [], marks: [] })).not.toContain('NaN');
  });
});

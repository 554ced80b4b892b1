import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FirstOf } from '../../../../src/domain/first-of.ts';
import {
  comparePositions,
  formatCursor,
  parseCursor,
  type Position,
} from '../../../../src/http/resources/locks/order.ts';

const position = fc.record({
  value: fc.integer({ min: -5, max: 5 }),
  partition: fc.integer({ min: 0, max: 2 }),
  unit: fc.uint8Array({ maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
});

test('the first of many are those that sorting gives', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 20 }), (items, limit) => {
      const compare = (a: number, b: number): number => a - b;
      const first = new FirstOf<number>(limit, compare);
      const without = items.map((item) => first.offer(item)).filter((item) => item !== undefined);
      expect(first.inOrder()).toEqual([...items].sort(compare).slice(0, limit));
      expect([...first.inOrder(), ...without].sort(compare)).toEqual([...items].sort(compare));
    }),
  );
});

test('pages of any size are the whole in its order, without gaps and repetitions', () => {
  fc.assert(
    fc.property(fc.array(position), fc.integer({ min: 1, max: 7 }), (all, limit) => {
      const whole = [...all]
        .sort(comparePositions)
        .filter((each, i, sorted) => i === 0 || comparePositions(sorted[i - 1]!, each) !== 0);
      const seen: Position[] = [];
      for (let after: Position | null = null; ;) {
        const first = new FirstOf<Position>(limit, comparePositions);
        for (const each of whole) if (after === null || comparePositions(each, after) > 0) first.offer(each);
        const page = first.inOrder();
        if (page.length === 0) break;
        seen.push(...page);
        after = parseCursor(formatCursor('held', page.at(-1)!), 'held');
      }
      expect(seen).toEqual(whole);
    }),
  );
});

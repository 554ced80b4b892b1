import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shapeOf } from '../../../src/failures/message-shape.ts';

describe('the shape of a message', () => {
  test.each([
    ['', ''],
    ['the warehouse does not answer', 'the warehouse does not answer'],
    ['timeout after 5000 ms', 'timeout after <n> ms'],
    ['took 1.5 s at 10:32:07, 1,234 left', 'took <n> s at <n>, <n> left'],
    ['no stock for Order-123', 'no stock for Order-<n>'],
    ['order 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is unknown', 'order <uuid> is unknown'],
    ['object 507f1f77bcf86cd799439011 at 0xDEADBEEF1', 'object <hex> at <hex>'],
    ["user 'alice@example.com' is locked", "user '<id>' is locked"],
    ['column "name" must not be null', 'column "<id>" must not be null'],
    ["can't read: it doesn't exist", "can't read: it doesn't exist"],
    ['token eyJhbGciOiJIUzI1NiJ9x is bad', 'token <id> is bad'],
    ['connect ECONNREFUSED 10.0.0.7:5432', 'connect ECONNREFUSED <n>'],
    ['deadbeef is a word', 'deadbeef is a word'],
  ])('%j is %j', (message, shape) => {
    expect(shapeOf(message)).toBe(shape);
  });

  const text = fc.string({ unit: 'binary', maxLength: 3_000 });

  test('has no digit, is bounded, and is its own shape', () => {
    fc.assert(
      fc.property(text, (message) => {
        const shape = shapeOf(message);
        expect(shape).not.toMatch(/[0-9]/);
        expect(Buffer.byteLength(shape)).toBeLessThanOrEqual(240);
        expect(shapeOf(shape)).toBe(shape);
      }),
    );
  });

  test('does not depend on the numbers and ids in it', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 6 });
    const id = fc.oneof(fc.nat(), fc.uuid());
    fc.assert(
      fc.property(
        words,
        fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
        fc.array(id, { minLength: 2, maxLength: 2 }),
        (all, numbers, [a, b]) => {
          const message = (shift: number, given: unknown): string =>
            `${all.map((word, i) => `${word} ${String((numbers[i] ?? 0) + shift)}`).join(' ')} '${String(given)}'`;
          expect(shapeOf(message(0, a))).toBe(shapeOf(message(17, b)));
        },
      ),
    );
  });

  test.each(['a', '1', "'", '-', '0x', 'a-', "'1", '1.', '<n>.', 'é1', '"a'])(
    'of %j again and again takes no longer than its length',
    (part) => {
      const begun = performance.now();
      for (let i = 0; i < 50; i++) shapeOf(part.repeat(100_000));
      expect(performance.now() - begun).toBeLessThan(20_000);
    },
  );
});

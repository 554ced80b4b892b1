import { describe, expect, test } from '@jest/globals';
import { fails, readCalls } from '../../support/handler-calls.ts';

const CALL = { order: 'order-5', seq: 0, partition: 3, offset: 17, attempt: 1, result: 'failed' } as const;

describe('fails', () => {
  test('is true of the first two attempts at the first event of every fifth order', () => {
    const first = { order: 'order-10', seq: 0 };
    expect([1, 2, 3].map((attempt) => fails(first, attempt))).toEqual([true, true, false]);
    expect(fails({ order: 'order-10', seq: 1 }, 1)).toBe(false);
    expect(fails({ order: 'order-11', seq: 0 }, 1)).toBe(false);
    expect(fails({ order: 'order-0', seq: 0 }, 2)).toBe(true);
  });
});

describe('readCalls', () => {
  test('reads one call a line', () => {
    const line = JSON.stringify(CALL);
    expect(readCalls(`${line}\n${line}\n`)).toEqual([CALL, CALL]);
  });

  test('leaves a line without its end for the next time', () => {
    const line = JSON.stringify(CALL);
    expect(readCalls(`${line}\n${line.slice(0, 20)}`)).toEqual([CALL]);
    expect(readCalls(line)).toEqual([]);
  });

  test.each([
    'Started OrdersApplication in 2 seconds',
    JSON.stringify({ ...CALL, result: 'done' }),
    JSON.stringify({ ...CALL, offset: '17' }),
    JSON.stringify({ ...CALL, attempt: undefined }),
    'null',
  ])('refuses what is not the contract: %s', (line) => {
    expect(() => readCalls(`${line}\n`)).toThrow(line);
  });
});

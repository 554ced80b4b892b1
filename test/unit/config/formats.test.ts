import { describe, expect, test } from '@jest/globals';

import {
  commaList,
  consumerGroup,
  duration,
  listOf,
  number,
  redisUrl,
  routeName,
  scalars,
  size,
  text,
  topicName,
} from '../../../src/config/formats.ts';

describe('a duration', () => {
  test.each<[unknown, number]>([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    [' 10 s ', 10_000],
    ['0s', 0],
    ['0', 0],
    [0, 0],
  ])('%j is %i ms', (written, ms) => {
    expect(duration().parse(written)).toBe(ms);
  });

  test.each<[unknown, string]>([
    [30, '30 has no unit; write a duration like 250ms, 30s, 5m, 24h or 7d'],
    ['30', '"30" has no unit; write a duration like 250ms, 30s, 5m, 24h or 7d'],
    ['5min', '"5min" has an unknown unit (known: ms, s, m, h, d); write a duration like'],
    ['5M', 'unknown unit'],
    ['-5s', '"-5s" is not a duration like'],
    ['soon', '"soon" is not a duration like'],
    [['1s'], '["1s"] is not a duration like'],
    [null, 'null is not a duration like'],
    ['0.5ms', 'is too fine or too large'],
    ['99999999999999d', 'is too fine or too large'],
  ])('%j is refused', (written, message) => {
    expect(() => duration().parse(written)).toThrow(message);
  });

  test('may have to be longer than nothing', () => {
    expect(() => duration({ min: 1 }).parse('0s')).toThrow('"0s" is too small');
  });
});

describe('a size', () => {
  test.each<[unknown, number]>([
    ['512B', 512],
    ['64KiB', 65_536],
    ['64MiB', 67_108_864],
    ['1GiB', 1_073_741_824],
    ['1.5GiB', 1_610_612_736],
    [0, 0],
  ])('%j is %i bytes', (written, bytes) => {
    expect(size().parse(written)).toBe(bytes);
  });

  test.each<[unknown, string]>([
    [1024, '1024 has no unit; write a size like 64KiB, 64MiB or 1GiB'],
    ['64MB', '"64MB" has an unknown unit (known: B, KiB, MiB, GiB, TiB)'],
  ])('%j is refused', (written, message) => {
    expect(() => size().parse(written)).toThrow(message);
  });
});

describe('a number', () => {
  test.each<[unknown, number]>([
    [8080, 8080],
    ['8080', 8080],
  ])('%j is taken', (written, value) => {
    expect(number({ max: 65_535 }).parse(written)).toBe(value);
  });

  test.each<[unknown]>([[-1], [65_536], [1.5], ['12abc'], [''], [' '], [true], [null], [Number.NaN]])(
    '%j is refused',
    (written) => {
      expect(() => number({ max: 65_535 }).parse(written)).toThrow('is not a whole number from 0 to 65535');
    },
  );

  test('has fractions where that makes sense', () => {
    expect(number({ fractions: true }).parse(0.2)).toBe(0.2);
    expect(() => number({ min: 1, fractions: true }).parse(0.2)).toThrow('0.2 is not a number of at least 1');
  });
});

describe('a name', () => {
  test.each([
    [routeName, 'orders-2', true],
    [routeName, 2024, true],
    [routeName, 'Orders', false],
    [routeName, 'a.b', false],
    [routeName, 'a'.repeat(63), true],
    [routeName, 'a'.repeat(64), false],
    [routeName, '', false],
    [topicName, 'orders.retry_1-a', true],
    [topicName, '..', false],
    [topicName, 'a b', false],
    [consumerGroup, 'orders service', true],
    [consumerGroup, ' ', false],
    [consumerGroup, null, false],
  ])('%s: %j, %j', (format, written, fits) => {
    const parse = (): string => format.parse(written);
    if (fits) expect(parse()).toBe(String(written));
    else expect(parse).toThrow(/ is not /);
  });
});

describe('a list', () => {
  const names = text('name', /^[a-z]+$/, 'a name');

  test('is what each of its items is', () => {
    expect(listOf(duration()).parse(['1s', '10s'])).toEqual([1_000, 10_000]);
  });

  test('may be text with commas where it comes from the environment', () => {
    expect(commaList(names).parse('a, b,,c,')).toEqual(['a', 'b', 'c']);
    expect(commaList(names).parse(['a', 'b'])).toEqual(['a', 'b']);
  });

  test.each<[unknown, string]>([
    [[], 'the list is empty'],
    ['a', '"a" is not a list'],
    [['a', 1], '1 is not a name'],
  ])('%j is refused', (written, message) => {
    expect(() => listOf(names).parse(written)).toThrow(message);
  });
});

test('what is passed on is a map of any scalars', () => {
  const written = { 'security.protocol': 'ssl', 'linger.ms': 5, 'socket.keepalive.enable': true };
  expect(scalars.parse(written)).toEqual(written);
  expect(() => scalars.parse({ a: [1] })).toThrow('the value of "a" is not a string, a number or a boolean');
  expect(() => scalars.parse(['a'])).toThrow('is not a map');
});

test('the URL of Redis is never shown', () => {
  expect(redisUrl.parse('rediss://user:hunter2@redis:6380/1')).toBe('rediss://user:hunter2@redis:6380/1');
  for (const written of ['http://user:hunter2@redis', 'hunter2', 'redis://', 5]) {
    expect(() => redisUrl.parse(written)).toThrow(/^not a URL like redis:\/\/localhost:6379\/0/);
  }
});

import { expect, test } from '@jest/globals';

import { type Environment, readSection } from '../../../src/config/read-section.ts';
import type { Schema } from '../../../src/config/schema.ts';

const schema = {
  name: { format: 'route name', doc: 'what it is called.', default: null },
  port: { format: 'port', doc: '', default: 80, env: 'PORT' },
  on: { format: 'boolean', doc: '', default: true },
  wait: { format: 'duration', doc: '', default: '1s', nullable: true },
  deep: { options: { format: 'map of scalars', doc: '', default: {} } },
} satisfies Schema;

function read(written: unknown, env: Environment = {}): { values: unknown; problems: string[] } {
  const problems: string[] = [];
  const problem = (path: string, message: string): unknown => problems.push(`${path}: ${message}`);
  const values = readSection(schema, written, 'top', { env, problem });
  return { values, problems };
}

test('a section has its defaults, and each value as its format makes it', () => {
  expect(read({ name: 'a', wait: '2m' })).toEqual({
    values: { name: 'a', port: 80, on: true, wait: 120_000, deep: { options: {} } },
    problems: [],
  });
  expect(read({ name: 'a', wait: null }).values).toMatchObject({ wait: null });
});

test('two readings share nothing', () => {
  const read1 = read({ name: 'a', deep: { options: { a: 1 } } }).values;
  const read2 = read({ name: 'b' }).values;
  expect(read1).toMatchObject({ name: 'a', deep: { options: { a: 1 } } });
  expect(read2).toMatchObject({ name: 'b', deep: { options: {} } });
});

test('keys with dots are passed on in a map', () => {
  const options = { 'security.protocol': 'ssl', 'a.b.c': 1 };
  expect(read({ name: 'a', deep: { options } }).values).toMatchObject({ deep: { options } });
});

test.each<[unknown, string]>([
  [{}, 'top.name: is required: what it is called.'],
  [{ name: null }, 'top.name: is required: what it is called.'],
  [{ name: 'a', port: '12abc' }, 'top.port: "12abc" is not a whole number from 0 to 65535'],
  [{ name: 'a', port: null }, 'top.port: null is not a whole number from 0 to 65535'],
  [{ name: 'a', on: 'true' }, 'top.on: "true" is not true or false'],
  [{ name: 'a', wait: 1_000 }, 'top.wait: 1000 has no unit; write a duration like 250ms, 30s, 5m, 24h or 7d'],
  // A map where a single value is wanted.
  [{ name: 'a', port: {} }, 'top.port: {} is not a whole number from 0 to 65535'],
  [{ name: 'a', port: { a: { b: 1 } } }, 'top.port: {"a":{"b":1}} is not a whole number from 0 to 65535'],
  [{ name: 'a', deep: 5 }, 'top.deep: should be a map of settings (options)'],
  [
    { name: 'a', deep: { options: [1] } },
    'top.deep.options: [1] is not a map like { security.protocol: ssl }',
  ],
  [
    { name: 'a', deep: { options: { 'a.b': [1] } } },
    'top.deep.options: the value of "a.b" is not a string, a number or a boolean',
  ],
  [[], 'top: should be a map of settings (name, port, on, wait, deep)'],
  [{ name: 'a', constructor: 1 }, 'top.constructor: unknown setting; the nearest known one is "port"'],
  [{ name: 'a', 'b\nc': 1 }, 'top."b\\nc": unknown setting; the nearest known one is "on"'],
])('of %j one problem is told', (written, problem) => {
  expect(read(written).problems).toEqual([problem]);
});

test.each(['top.port: 1', 'a\nport: x', 'a\u2028b: c', 'port: x: value was "y"'])(
  '%j is a bad name like any other',
  (name) => {
    expect(read({ name }).problems).toEqual([expect.stringMatching(/^top\.name: .* is not a route name/s)]);
  },
);

test('the environment wins, unless it is empty', () => {
  expect(read({ name: 'a', port: 1 }, { PORT: '9090' }).values).toMatchObject({ port: 9_090 });
  expect(read({ name: 'a', port: 1 }, { PORT: '' }).values).toMatchObject({ port: 1 });
  expect(read({ name: 'a', port: 1 }, { PORT: '1x' }).problems).toEqual([
    'PORT (for top.port): "1x" is not a whole number from 0 to 65535',
  ]);
});

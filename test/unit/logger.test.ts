import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { OrchestratorError } from '../../src/errors.ts';
import type { LogLevel } from '../../src/log-level.ts';
import { createLogger, type Logger } from '../../src/logger.ts';

function loggerInto(lines: Record<string, unknown>[], level: LogLevel = 'debug'): Logger {
  return createLogger(level, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
}

function lineOf(log: (logger: Logger) => void): Record<string, unknown> {
  const lines: Record<string, unknown>[] = [];
  log(loggerInto(lines));
  expect(lines).toHaveLength(1);
  return lines[0] ?? {};
}

test('a line says when, how important, what and where', () => {
  const line = lineOf((logger) => {
    logger
      .child({ route: 'orders', partition: 3 })
      .info({ event: 'shard_owned', offset: 9_007_199_254_740_993n }, 'locked a key');
  });
  expect(line).toMatchObject({
    level: 'info',
    event: 'shard_owned',
    route: 'orders',
    partition: 3,
    msg: 'locked a key',
  });
  expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  expect(Object.keys(line)).not.toContain('pid');
});

test('lines below the level are not written', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = loggerInto(lines, 'warn');
  logger.info({ event: 'started' }, 'no');
  logger.warn({ event: 'redis_error' }, 'yes');
  expect(lines.map(({ event }) => event)).toEqual(['redis_error']);
});

test.each(['key', 'keyBase64', 'value', 'payload', 'headers', 'body', 'lockedKeys'])(
  '%s never gets into the log',
  (name) => {
    const line = lineOf((logger) => {
      const secret = { [name]: 'alice@example.com' };
      logger.warn({ event: 'redis_error', ...secret, record: secret, entry: { record: secret } }, 'careless');
    });
    expect(JSON.stringify(line)).not.toContain('alice');
  },
);

test('an error is readable, with its code and its causes', () => {
  const cause = new OrchestratorError('UNAVAILABLE', 'redis is away', { cause: new Error('ECONNREFUSED') });
  const line = lineOf((logger) => {
    logger.error({ event: 'request_failed', err: new Error('could not release', { cause }) }, 'failed');
  });
  expect(line['err']).toMatchObject({
    type: 'Error',
    message: 'could not release',
    stack: expect.stringContaining('logger.test'),
    cause: { type: 'OrchestratorError', code: 'UNAVAILABLE', cause: { message: 'ECONNREFUSED' } },
  });
});

test('what others hang on their errors stays out of the log', () => {
  const line = lineOf((logger) => {
    const err = Object.assign(new AggregateError([new Error('one')], 'several'), {
      command: { args: ['alice'] },
    });
    logger.error({ event: 'request_failed', err }, 'failed');
    expect(err.errors).toHaveLength(1);
  });
  expect(line['err']).toMatchObject({ errors: [{ message: 'one' }] });
  expect(JSON.stringify(line)).not.toContain('alice');
});

test('an error of Node itself is one too', () => {
  let err: unknown;
  try {
    readFileSync('/nowhere/at/all');
  } catch (error) {
    err = error;
  }
  expect(
    lineOf((logger) => {
      logger.error({ event: 'request_failed', err }, 'failed');
    })['err'],
  ).toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['a text', 'a text'],
  [42, 42],
  [{ key: 'alice' }, { type: 'object' }],
  [null, null],
])('what was thrown and is no error (%j) is logged as far as it is safe', (err, expected) => {
  expect(
    lineOf((logger) => {
      logger.error({ event: 'request_failed', err }, 'failed');
    })['err'],
  ).toEqual(expected);
});

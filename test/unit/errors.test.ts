import { expect, test } from '@jest/globals';

import { type ErrorCode, OrchestratorError, statusOf } from '../../src/errors.ts';

test.each<[code: ErrorCode, status: number, retryable: boolean]>([
  ['INVALID', 400, false],
  ['UNKNOWN_ROUTE', 404, false],
  ['UNKNOWN_PARTITION', 404, false],
  ['UNKNOWN_LOCK', 404, false],
  ['FENCED', 409, false],
  ['TOO_LARGE', 413, false],
  ['LIMITED', 429, true],
  ['NOT_READY', 503, true],
  ['UNAVAILABLE', 503, true],
  ['INTERNAL', 500, true],
])('%s is answered with %i', (code, status, retryable) => {
  expect(statusOf(code)).toBe(status);
  expect(new OrchestratorError(code, 'what happened')).toMatchObject({
    code,
    retryable,
    message: 'what happened',
  });
});

test('an error carries its cause, and when to ask again', () => {
  const cause = new Error('connection refused');
  const error = new OrchestratorError('NOT_READY', 'restoring', { cause, retryAfterMs: 500 });
  expect(error.cause).toBe(cause);
  expect(error.retryAfterMs).toBe(500);
});

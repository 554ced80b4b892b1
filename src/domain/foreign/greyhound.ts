import type { Convention } from './convention.ts';
import { decimal, validAttempt, validNumber } from './decode.ts';

/** Wix Greyhound. Its first retry is attempt 0, when the handler has been tried once. */
export const greyhound: Convention = (headers) => {
  const retry = headers.last('GH_RetryAttempt', decimal);
  const attempt = retry === undefined ? undefined : validAttempt(retry + 1);
  if (attempt === undefined) return null;
  const submitted = headers.last('submitTimestamp', decimal);
  const backoff = headers.last('backOffTimeMs', decimal);
  const known = submitted !== undefined && backoff !== undefined;
  return { attempt, notBefore: known ? validNumber(submitted + backoff) : undefined };
};

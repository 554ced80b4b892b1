import type { Convention } from './convention.ts';
import { decimal, decimalAttempt, text, validNumber } from './decode.ts';

/** One of these tells its records from our own, which have `x-retry-attempt` and `x-retry-reason` too. */
const SIGNS = ['x-retry-max', 'x-retry-next-time', 'x-retry-original-time'];

/** kafka-resilience (Go). Its times are in seconds; the original one is that of the first failure. */
export const kafkaResilience: Convention = (headers) => {
  const attempt = headers.last('x-retry-attempt', decimalAttempt);
  const recognised = SIGNS.some((name) => headers.last(name, decimal) !== undefined);
  if (attempt === undefined || !recognised) return null;
  const due = headers.last('x-retry-next-time', decimal);
  return {
    attempt,
    notBefore: due === undefined ? undefined : validNumber(due * 1_000),
    errorMessage: headers.last('x-retry-reason', text),
  };
};

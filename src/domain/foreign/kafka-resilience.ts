import type { Convention } from './convention.ts';
import { decimal, decimalAttempt, text, topicName, validNumber } from './decode.ts';

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

/** Its dead letters name the topic that they came from, and no place in it. */
export const kafkaResilienceDeadLetter: Convention = (headers) => {
  const topic = headers.last('x-dlq-source-topic', topicName);
  const reason = headers.last('x-dlq-reason', text);
  if (topic === undefined && reason === undefined) return null;
  const failedFirst = headers.last('x-dlq-original-failure-time', decimal);
  const givenUp = headers.last('x-dlq-timestamp', decimal);
  return {
    attempt: headers.last('x-dlq-retry-attempts', decimalAttempt) ?? 1,
    firstFailedAt: failedFirst === undefined ? undefined : validNumber(failedFirst * 1_000),
    deadLetteredAt: givenUp === undefined ? undefined : validNumber(givenUp * 1_000),
    errorMessage: reason,
  };
};

import type { Convention } from './convention.ts';
import { type Decode, text, validAttempt, validNumber, validTopic } from './decode.ts';

/** kafkajs-async-retry: one header of JSON with the attempts so far, the first topic and the due time. */
export const kafkajsAsyncRetry: Convention = (headers) => {
  const details = headers.last('asyncRetry', jsonObject);
  const attempt = validAttempt(details?.['att']);
  if (attempt === undefined || validTopic(details?.['top']) === undefined) return null;
  const due = details?.['ttl'];
  // Its delays may be fractions of a millisecond.
  return { attempt, notBefore: typeof due === 'number' ? validNumber(Math.ceil(due)) : undefined };
};

const jsonObject: Decode<Readonly<Record<string, unknown>>> = (bytes) => {
  try {
    const parsed: unknown = JSON.parse(text(bytes) ?? '');
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
};

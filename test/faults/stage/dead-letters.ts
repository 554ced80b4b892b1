import type { Message } from '@confluentinc/kafka-javascript';
import { factsOf, headerOf } from '../application/facts.ts';
import type { DeadLetter, Redriven } from '../history.ts';

/** A record of a dead-letter topic; undefined: it is none, but what the service notes there. */
export function deadLetterOf(message: Message): DeadLetter | undefined {
  if (headerOf(message, 'x-retry-route') === undefined) return undefined;
  return {
    type: 'dead-letter',
    ...placeOf(message),
    reason: headerOf(message, 'x-retry-dead-letter-reason') ?? '',
    attempt: Number(headerOf(message, 'x-retry-attempt')),
  };
}

/** A record of a retry topic by which a dead letter comes again; undefined: it is none. */
export function redrivenOf(message: Message): Redriven | undefined {
  const id = headerOf(message, 'x-retry-redrive');
  // A copy that carries it forward is no second one.
  if (id === undefined || headerOf(message, 'x-retry-carried') !== undefined) return undefined;
  const { key, seq } = factsOf(message);
  return { type: 'redriven', ...placeOf(message), key, seq, id };
}

/** When it was written, and the origin of the message. */
function placeOf(message: Message) {
  const text = (name: string): string => headerOf(message, name) ?? '';
  return {
    at: message.timestamp ?? 0,
    route: text('x-retry-route'),
    partition: Number(text('x-retry-origin-partition')),
    offset: Number(text('x-retry-origin-offset')),
  };
}

import { type Convention, originOf } from './convention.ts';
import { decimal, decimalAttempt, decimalPartition, text, topicName } from './decode.ts';

/** Kafka's own dead-letter queues differ in nothing but the names. All of them always write where the record was. */
function deadLetterQueue(
  prefix: string,
  names: {
    readonly errorMessage: string;
    readonly errorClass?: 'exception' | 'exception.class.name';
    readonly attempt?: 'delivery.count';
  },
): Convention {
  return (headers) => {
    const origin = originOf(
      headers.first(`${prefix}topic`, topicName),
      headers.first(`${prefix}partition`, decimalPartition),
      headers.first(`${prefix}offset`, decimal),
    );
    if (origin === undefined) return null;
    return {
      origin,
      attempt: (names.attempt && headers.last(prefix + names.attempt, decimalAttempt)) ?? 1,
      errorClass: names.errorClass && headers.last(prefix + names.errorClass, text),
      errorMessage: headers.last(prefix + names.errorMessage, text),
    };
  };
}

/** Sink connectors. */
export const connect = deadLetterQueue('__connect.errors.', {
  errorClass: 'exception.class.name',
  errorMessage: 'exception.message',
});

/** Kafka Streams (KIP-1034). */
export const streams = deadLetterQueue('__streams.errors.', {
  errorClass: 'exception',
  errorMessage: 'message',
});

/** Share groups (KIP-1191), where every delivery is an attempt. */
export const shareGroup = deadLetterQueue('__dlq.errors.', {
  attempt: 'delivery.count',
  errorMessage: 'message',
});

import { type Static, type TSchema, Type } from 'typebox';

/** Parts that the schemas of several resources are made of. */

export const RouteParams = Type.Object({ route: Type.String() });

export const PartitionParams = Type.Object({
  route: Type.String(),
  partition: Type.Integer({ minimum: 0 }),
});

/** For the examples of the document. */
export const TICKET_EXAMPLE = { claimEpoch: '1795284000000', incarnation: '5f2c81:Zk3p' };

/** Beyond it an offset would not fit where it is kept. */
export const Offset = Type.Integer({ minimum: 0, maximum: 2 ** 47 - 1 });

/** At most this many records in one call. */
export const BATCH = 1_000;

export const keyProperties = {
  key: Type.Optional(
    Type.String({ description: 'The key as UTF-8 text. Neither of the two: the null key.' }),
  ),
  keyBase64: Type.Optional(Type.String({ description: 'The key where its bytes are not valid UTF-8.' })),
};

export const Key = Type.Object(keyProperties);

export const HandlerError = Type.Object({
  class: Type.String(),
  message: Type.String(),
  fatal: Type.Optional(
    Type.Boolean({ description: 'Retrying is pointless: dead-letter it when it is the head.' }),
  ),
  retryAfterMs: Type.Optional(Type.Number({ minimum: 0 })),
});

export const GivenHeaders = Type.Record(Type.String(), Type.String(), {
  description: 'The headers to publish the record with, in the place of its own `x-retry-*`.',
});

/**
 * What a consumer was told to redirect and has no acknowledgement for. More than a batch may be underway, and a claim
 * that is refused for it would keep the consumer from its partition.
 */
export const OutstandingList = Type.Optional(
  Type.Array(
    Type.Object({
      ...keyProperties,
      offset: Offset,
      attempt: Type.Integer({ minimum: 0, maximum: 65_535 }),
      error: Type.Optional(HandlerError),
    }),
    { maxItems: 10 * BATCH },
  ),
);

/** Of what an operator does. */
export const Reason = Type.String({ pattern: '\\S', maxLength: 1_000, description: 'Why; it is recorded.' });

/** Of a call that must not act twice. `meaning` is for the document. */
export function idempotencyHeaders(meaning: string) {
  return Type.Object({
    'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: meaning })),
  });
}

export const ErrorAnswer = Type.Object(
  { code: Type.String(), message: Type.String(), retryable: Type.Boolean() },
  { description: 'What every refusal looks like.' },
);

export const errorAnswers = { '4xx': ErrorAnswer, '5xx': ErrorAnswer };

/** One of these words. */
export function oneOf<const Word extends string>(...words: readonly Word[]) {
  return Type.Unsafe<Word>({ type: 'string', enum: words });
}

/** The schema, or null. Written as a list of types, which is serialised without trying one after the other. */
export function nullable<Schema extends TSchema & { type: string }>(schema: Schema) {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: [schema.type, 'null'] });
}

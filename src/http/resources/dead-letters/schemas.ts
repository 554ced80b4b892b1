import { Type } from 'typebox';
import { keyProperties, nullable, Offset, oneOf, Reason } from '../../schemas.ts';

const Partition = Type.Integer({
  minimum: 0,
  maximum: 2 ** 31 - 1,
  description: 'Of the dead-letter topic.',
});
const Time = Type.Integer({ description: 'Epoch ms.' });
const When = 'a time like `2026-11-21T18:00:00Z`, how long ago: `30m`, `24h`, or epoch ms.';

const Source = oneOf(
  ...(['service', 'spring', 'connect', 'streams', 'share-group', 'kafka-resilience'] as const),
  ...(['greyhound', 'kafkajs-async-retry', 'unknown'] as const),
);

const Cause = oneOf(
  ...(['exhausted', 'fatal', 'expired', 'malformed', 'undeliverable', 'unanswered', 'operator'] as const),
  ...(['failed', 'unknown'] as const),
);

const STATUSES = ['open', 'redriven', 'dismissed', 'superseded', 'duplicate'] as const;

/** Which dead letters are meant. */
export const filterProperties = {
  key: Type.Optional(Type.String({ description: 'The key as UTF-8 text.' })),
  keyBase64: Type.Optional(Type.String({ description: 'The key where its bytes are not valid UTF-8.' })),
  reason: Type.Optional(Cause),
  errorClass: Type.Optional(Type.String({ maxLength: 256 })),
  error: Type.Optional(
    Type.String({
      maxLength: 256,
      description: 'A text within the first 256 bytes of the error message, in any case of letters.',
    }),
  ),
  from: Type.Optional(Type.String({ description: `Dead-lettered since: ${When}` })),
  to: Type.Optional(Type.String({ description: `Dead-lettered before: ${When}` })),
  source: Type.Optional(Source),
  partition: Type.Optional(Partition),
};

export const DeadLettersQuery = Type.Object({
  ...filterProperties,
  status: Type.Optional(oneOf(...STATUSES, 'all')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: '100 unless given.' })),
  cursor: Type.Optional(Type.String({ description: 'As the page before gave it.' })),
});

const position = { partition: Partition, offset: Offset };

const Origin = Type.Unsafe<{ topic: string; partition: number; offset: number } | null>({
  type: ['object', 'null'],
  required: ['topic', 'partition', 'offset'],
  properties: { topic: { type: 'string' }, partition: { type: 'integer' }, offset: { type: 'integer' } },
  description: 'Where the application first read it; null: nothing says so.',
});

const CopyOf = Type.Unsafe<{ partition: number; offset: number } | null>({
  type: ['object', 'null'],
  required: ['partition', 'offset'],
  properties: { partition: { type: 'integer' }, offset: { type: 'integer' } },
  description: 'Of a duplicate: the dead letter that counts instead.',
});

const letterProperties = {
  ...position,
  ...keyProperties,
  keyTruncated: Type.Optional(Type.Boolean({ description: 'These are its first 256 bytes.' })),
  source: Source,
  reason: Cause,
  errorClass: nullable(Type.String()),
  errorMessage: nullable(Type.String({ description: 'Its first 256 bytes.' })),
  origin: Origin,
  attempt: Type.Integer({ description: 'Handler attempts; 0: nothing says so.' }),
  firstFailedAt: nullable(Time),
  deadLetteredAt: Time,
  redrive: nullable(Type.String({ description: 'The redrive that it came back from.' })),
  valueAtOrigin: Type.Boolean({ description: 'The record has no value: that is where it was first read.' }),
};

const Settled = Type.Unsafe<{ at: number; by: string } | null>({
  type: ['object', 'null'],
  required: ['at', 'by'],
  properties: { at: { type: 'integer' }, by: { type: 'string' } },
  description: 'When, and by which job or request.',
});

export const DeadLetterPage = Type.Object({
  deadLetters: Type.Array(
    Type.Object({
      ...letterProperties,
      status: oneOf(...STATUSES),
      settled: Settled,
      copyOf: CopyOf,
      valueBytes: Type.Integer(),
    }),
    { description: 'The newest first.' },
  ),
  cursor: nullable(
    Type.String({ description: 'null: there are no more. A page may be short and have a cursor.' }),
  ),
  complete: Type.Boolean({
    description:
      'false: the index is still being read from the topic, or has so many dead letters that the oldest are only counted.',
  }),
  indexedUpTo: Type.Array(Type.Object({ ...position, restored: Type.Boolean() }), {
    description: 'For each partition of the topic, the next offset that the index will read.',
  }),
});

export const PositionParams = Type.Object({ route: Type.String(), ...position });

export const PositionQuery = Type.Object({
  payloadLimit: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 16 * 2 ** 20,
      description: 'Bytes of the payload, and of each header, that are shown; 65536 unless given.',
    }),
  ),
});

const bytesProperties = {
  size: Type.Integer({ description: 'Bytes, all of it.' }),
  truncated: Type.Boolean(),
  base64: Type.String(),
  text: nullable(Type.String({ description: 'null: it is not valid UTF-8.' })),
};

export const DeadLetterInFull = Type.Object({
  ...letterProperties,
  status: Type.Unsafe<(typeof STATUSES)[number] | 'settled' | null>({
    type: ['string', 'null'],
    enum: [...STATUSES, 'settled', null],
    description: '`settled`: the index only knows that it is. null: it does not know it now.',
  }),
  settled: Settled,
  copyOf: CopyOf,
  timestamp: Time,
  headers: Type.Array(Type.Object({ name: Type.String(), ...bytesProperties }), {
    description: 'In their order, with repetitions.',
  }),
  payloadFrom: oneOf('record', 'origin', 'gone'),
  payload: Type.Unsafe<Payload | null>({
    type: ['object', 'null'],
    required: ['size', 'truncated', 'base64', 'text'],
    properties: {
      size: { type: 'integer', description: 'Bytes, all of it.' },
      truncated: { type: 'boolean' },
      base64: { type: 'string' },
      text: { type: ['string', 'null'], description: 'null: it is not valid UTF-8.' },
      json: { description: 'What the text says, if it is JSON and all there.' },
    },
    description: 'null: the null value.',
  }),
});

export interface Payload {
  readonly size: number;
  readonly truncated: boolean;
  readonly base64: string;
  readonly text: string | null;
  readonly json?: unknown;
}

export const SummaryAnswer = Type.Object({
  open: nullable(Type.Integer({ description: 'null: the index is being read from the topic.' })),
  withoutDetail: Type.Integer({ description: 'Open ones that are only counted, and in none of the groups.' }),
  groups: Type.Array(
    Type.Object({
      reason: nullable(Type.String({ description: 'null: all that is left above a thousand groups.' })),
      errorClass: nullable(Type.String()),
      count: Type.Integer(),
      oldest: Time,
      newest: Time,
    }),
    { description: 'Open ones by reason and error class, the most first.' },
  ),
});

const Positions = Type.Array(Type.Object(position), { minItems: 1, maxItems: 1_000 });

export const DismissalBody = Type.Object({
  positions: Positions,
  reason: Reason,
});

export const DismissalDone = Type.Object({
  dismissed: Type.Integer(),
  unchanged: Type.Integer({ description: 'Settled before, a duplicate, or gone with retention.' }),
  unknown: Type.Array(Type.Object(position), { description: 'No dead letters, or not indexed yet.' }),
});

import { Type } from 'typebox';
import { keyProperties, nullable, Offset, oneOf } from '../../schemas.ts';

const Partition = Type.Integer({ description: 'Look there only.' });

export const KeyParams = Type.Object({ route: Type.String(), key: Type.String() });
export const KeyQuery = Type.Object({
  encoding: Type.Optional(oneOf('utf8', 'base64')),
  partition: Type.Optional(Partition),
});
export const AnyKeyQuery = Type.Object({
  ...keyProperties,
  origin: Type.Optional(Offset),
  retryOffset: Type.Optional(Offset),
  partition: Type.Optional(Partition),
});

const Time = Type.Integer({ description: 'Epoch ms.' });
const Place = Type.Object({ topic: Type.String(), partition: Type.Integer(), offset: Type.Integer() });
const Switched = Type.Object({ since: Time, reason: Type.String() });
const Position = Type.Object({
  partition: Type.Integer(),
  committed: nullable(Type.Integer()),
  end: Type.Integer(),
  lag: nullable(Type.Integer({ description: 'Records that the group has not committed.' })),
});
const KeyError = Type.Object({ class: Type.String(), message: Type.String() });

const Lock = Type.Object({
  partition: Type.Integer(),
  state: oneOf('waiting', 'probing', 'draining', 'parked'),
  parkedBy: nullable(Type.String({ description: '`operator` or `dead-letter`.' })),
  since: Time,
  ageMs: Type.Integer(),
  held: Type.Integer({ description: 'Messages in the box, announced ones included.' }),
  behind: Type.Integer({ description: 'Those behind the first.' }),
  attempt: Type.Integer({ description: 'Failed attempts of the first message.' }),
  maxAttempts: Type.Integer(),
  firstFailedAt: nullable(Time),
  lastError: nullable(KeyError),
  next: Type.Object({
    kind: oneOf(
      'retry',
      'dead-letter',
      'outcome',
      'dead-lettering',
      'record',
      'turn',
      'operator',
      'dead-letter-held',
    ),
    at: nullable(Time),
    attempt: nullable(Type.Integer()),
    of: nullable(Type.Integer()),
    reason: nullable(Type.String()),
  }),
  messages: Type.Array(
    Type.Object({
      state: oneOf('pending', 'held', 'in-flight', 'dead-lettering', 'dead-lettered'),
      origin: nullable(Place),
      retry: nullable(Place),
      copy: nullable(Place),
      attempt: Type.Integer(),
    }),
    { description: 'The first ten, in order: where each was read first, is kept, and was redelivered to.' },
  ),
  evidence: Type.Object({
    committed: nullable(Type.Integer({ description: 'By the group, where redeliveries go.' })),
    position: nullable(Position),
    retryEnd: nullable(Type.Integer({ description: 'End of the retry partition.' })),
    cursor: nullable(Type.Integer({ description: 'How far it was read.' })),
    claimant: nullable(Type.Object({ consumerId: Type.String(), renewedAt: Time, alive: Type.Boolean() })),
  }),
});

export const Explanation = Type.Object({
  ...keyProperties,
  origin: Type.Optional(Type.Integer()),
  retryOffset: Type.Optional(Type.Integer()),
  route: Type.String(),
  at: Time,
  locked: nullable(Type.Boolean({ description: 'null: a shard did not answer.' })),
  sentences: Type.Array(Type.String(), { description: 'The same in plain English.' }),
  paused: nullable(Switched),
  breakerOpen: nullable(Switched),
  problems: Type.Array(Type.String()),
  locks: Type.Array(Lock, { description: 'One for each partition that the key is locked in.' }),
  silent: Type.Array(Type.Object({ partition: Type.Integer(), why: Type.String() }), {
    description: 'Shards that could not be asked.',
  }),
  partition: nullable(
    Type.Object(
      { number: Type.Integer(), from: oneOf('asked', 'failure', 'murmur2') },
      { description: 'Where the messages of a key that is not locked are, and how that is known.' },
    ),
  ),
  position: nullable(Position),
  hot: nullable(
    Type.Object(
      {
        rank: Type.Integer({ description: '1 is the hottest.' }),
        held: Type.Integer(),
        total: Type.Integer({ description: 'Held messages of the route.' }),
      },
      { description: 'Where it is among the keys of the route that hold most messages; null: it is not.' },
    ),
  ),
  failures: Type.Unsafe<{ at: number; partition: number; errorClass: string; message: string }[] | null>({
    type: ['array', 'null'],
    description: 'The last ones that are remembered, the newest first; null: not known now.',
    items: {
      type: 'object',
      required: ['at', 'partition', 'errorClass', 'message'],
      properties: {
        at: { type: 'integer' },
        partition: { type: 'integer' },
        errorClass: { type: 'string' },
        message: { type: 'string' },
      },
    },
  }),
  deadLetters: Type.Unsafe<
    | {
        partition: number;
        offset: number;
        reason: string;
        status: string;
        deadLetteredAt: number | null;
        errorClass: string;
        errorMessage: string;
      }[]
    | null
  >({
    type: ['array', 'null'],
    description: 'Of the key, the newest first; null: not known now.',
    items: {
      type: 'object',
      required: ['partition', 'offset', 'reason', 'status', 'deadLetteredAt', 'errorClass', 'errorMessage'],
      properties: {
        partition: { type: 'integer' },
        offset: { type: 'integer' },
        reason: { type: 'string' },
        status: { type: 'string' },
        deadLetteredAt: { type: ['integer', 'null'] },
        errorClass: { type: 'string' },
        errorMessage: { type: 'string' },
      },
    },
  }),
  actions: Type.Array(
    Type.Object({
      action: oneOf('retry-now', 'park', 'unpark', 'skip-head', 'discard-head', 'discard-all'),
      effect: Type.String(),
      http: Type.Object({
        method: oneOf('POST'),
        path: Type.String(),
        body: Type.Object({
          ...keyProperties,
          origin: Type.Optional(Type.Integer()),
          retryOffset: Type.Optional(Type.Integer()),
          partition: Type.Integer(),
          action: Type.String(),
          reason: Type.String(),
        }),
      }),
      command: nullable(Type.String()),
    }),
    { description: 'What one can do about it. Say why in `reason`.' },
  ),
});

import { Type } from 'typebox';
import { idempotencyHeaders, keyProperties, nullable, Offset, oneOf, Reason } from '../../schemas.ts';

const Partition = Type.Integer({ description: 'Where it is; needed where a key is locked in two of them.' });
const State = oneOf('waiting', 'probing', 'draining', 'parked');

export const LocksQuery = Type.Object({
  state: Type.Optional(State),
  partition: Type.Optional(Type.Integer()),
  ...keyProperties,
  olderThan: Type.Optional(Type.String({ description: 'Locked for at least so long: `5m`, `24h`.' })),
  keyPrefix: Type.Optional(Type.String({ description: 'What the key begins with.' })),
  errorClass: Type.Optional(Type.String({ description: 'Of the last error of the head.' })),
  sort: Type.Optional(oneOf('age', 'held', 'attempt')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: '100 unless given.' })),
  cursor: Type.Optional(Type.String({ description: 'As the page before gave it, with the same `sort`.' })),
});

const LastError = nullable(Type.Object({ class: Type.String(), message: Type.String() }));
const Time = Type.Integer({ description: 'Epoch ms.' });

const lockProperties = {
  ...keyProperties,
  origin: Type.Optional(
    Type.Integer({ description: 'Instead of a key: the origin offset of a message without one.' }),
  ),
  retryOffset: Type.Optional(
    Type.Integer({
      description: 'Instead of a key: the offset in the retry topic of a message of unknown origin.',
    }),
  ),
  partition: Type.Integer(),
  state: State,
  since: Time,
  ageMs: Type.Integer(),
  held: Type.Integer({ description: 'Messages in the box, announced ones included.' }),
  heldBytes: Type.Integer(),
  attempt: Type.Integer({ description: 'Attempts of the head so far.' }),
  nextAttemptAt: nullable(Time),
  headOffset: nullable(Type.Integer()),
  lastError: LastError,
};

export const LockPage = Type.Object({
  locks: Type.Array(Type.Object(lockProperties), {
    description:
      'With a filter a page may be short, or empty, and there are more all the same: see `cursor`.',
  }),
  cursor: nullable(Type.String({ description: 'null: this was the last page.' })),
});

export const LockWithEntries = Type.Object({
  ...lockProperties,
  entries: Type.Array(
    Type.Object({
      state: oneOf('pending', 'held', 'in-flight', 'dead-lettering', 'dead-lettered'),
      offset: nullable(Type.Integer({ description: 'Of its origin; null: that is foreign.' })),
      retryOffset: nullable(Type.Integer()),
      attempt: Type.Integer(),
      unanswered: Type.Integer(),
      firstFailedAt: nullable(Time),
      dueAt: nullable(Time),
      deliveredOffset: nullable(Type.Integer()),
      refused: Type.Integer({
        description: 'How often in a row Kafka refused its redelivery for its own sake.',
      }),
      kept: Type.Boolean({
        description: 'It is a dead letter that was too large for its topic: its value is kept here alone.',
      }),
      lastError: LastError,
    }),
    { description: 'In their order, 1,000 at most.' },
  ),
});

export const LockParams = Type.Object({ route: Type.String(), key: Type.String() });

export const LockQuery = Type.Object({
  encoding: Type.Optional(oneOf('utf8', 'base64')),
  partition: Type.Optional(Partition),
});

const actionProperties = {
  partition: Type.Optional(Partition),
  action: oneOf('retry-now', 'park', 'unpark', 'skip-head', 'discard-head', 'discard-all'),
  reason: Reason,
};

export const IdempotencyHeaders = idempotencyHeaders(
  'The same call with the same one is done once and answered the same for a day, also if the service was killed ' +
    'in the middle. Another call with it is refused.',
);

export const ActionBody = Type.Object(actionProperties);

export const AnyActionBody = Type.Object({
  ...keyProperties,
  origin: Type.Optional(Offset),
  retryOffset: Type.Optional(Offset),
  ...actionProperties,
});

export const ActionDone = Type.Object({
  outcome: oneOf('done', 'unchanged'),
  entries: Type.Integer({ description: 'Messages concerned.' }),
  partition: Type.Integer(),
});

export const BulkBody = Type.Object({
  filter: Type.Object(
    {
      state: Type.Optional(State),
      partition: Type.Optional(Type.Integer()),
      olderThan: Type.Optional(Type.String({ description: 'Locked for at least so long: `5m`, `24h`.' })),
      keyPrefix: Type.Optional(Type.String({ description: 'What the key begins with.' })),
      errorClass: Type.Optional(Type.String({ description: 'Of the last error of the head.' })),
    },
    { additionalProperties: false, description: 'Which locks; `{}` = all of the route.' },
  ),
  action: actionProperties.action,
  reason: actionProperties.reason,
  dryRun: Type.Optional(Type.Boolean({ description: 'Only count them.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, description: 'At most this many, the oldest first.' })),
});

export const BulkAnswer = Type.Object({
  matched: Type.Integer({
    description: 'Locks that this call found, of those that were there at the click.',
  }),
  done: Type.Integer(),
  unchanged: Type.Integer({ description: 'The action had nothing to do there.' }),
  gone: Type.Integer({ description: 'Unlocked before their turn came.' }),
  dryRun: Type.Boolean(),
  complete: Type.Boolean({ description: 'All that matched were dealt with.' }),
  problems: Type.Array(Type.String(), { description: 'Why not, and what to do, one line each.' }),
});

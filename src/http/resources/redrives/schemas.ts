import { Type } from 'typebox';
import { idempotencyHeaders, keyProperties, nullable, Offset, oneOf, Reason } from '../../schemas.ts';
import { filterProperties } from '../dead-letters/schemas.ts';

const Time = Type.Integer({ description: 'Epoch ms.' });
const Partition = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 });

/** At most this many single ones in one call. */
export const POSITIONS = 1_000;

const When = Type.Union(
  [
    Type.Integer({ minimum: 0, description: 'Epoch ms.' }),
    Type.String({ description: 'A time like `2026-11-21T18:00:00Z`, or how long ago, like `24h`.' }),
  ],
  { description: 'Of the moment when it was dead-lettered.' },
);

const Position = Type.Object({ partition: Partition, offset: Offset });

const Filter = Type.Object(
  { ...filterProperties, from: Type.Optional(When), to: Type.Optional(When) },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'As in the listing of dead letters. `all` takes all of them.',
  },
);

const EditedHeader = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 249 }),
    value: Type.Optional(Type.String()),
    valueBase64: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

const Edit = Type.Object(
  {
    value: Type.Optional(
      nullable(Type.String({ description: 'As UTF-8 text; null: a record without a value.' })),
    ),
    valueBase64: Type.Optional(Type.String()),
    headers: Type.Optional(
      Type.Array(EditedHeader, {
        maxItems: 1_000,
        description: "In the place of all of the application's own. None may begin with `x-retry-`.",
      }),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description:
      'Publishes this in the place of the message, whose dead letter is superseded. For one position only, where `deadLetters.allowEdit` is set.',
  },
);

export const RedriveBody = Type.Object(
  {
    positions: Type.Optional(Type.Array(Position, { minItems: 1, maxItems: POSITIONS })),
    filter: Type.Optional(Filter),
    all: Type.Optional(Type.Literal(true)),
    reason: Reason,
    maxPerSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    dryRun: Type.Optional(Type.Boolean({ description: 'Only counts what it would take.' })),
    edit: Type.Optional(Edit),
  },
  { additionalProperties: false, description: 'One of `positions`, `filter` and `all`.' },
);

export const SteeringBody = Type.Object({ reason: Reason }, { additionalProperties: false });

export const RedriveParams = Type.Object({ route: Type.String(), redrive: Type.String() });

export const CreationHeaders = idempotencyHeaders(
  'A name for this request. Sent again with it, it is the same redrive.',
);

const redriveProperties = {
  id: Type.String(),
  route: Type.String(),
  state: oneOf('running', 'paused', 'cancelled', 'done', 'failed'),
  who: Type.String(),
  reason: Type.String(),
  createdAt: Time,
  startedAt: nullable(Time),
  finishedAt: nullable(Time),
  positions: nullable(Type.Integer({ description: 'How many single ones were given.' })),
  filter: nullable(
    Type.Object({
      ...keyProperties,
      reason: Type.Optional(Type.String()),
      errorClass: Type.Optional(Type.String()),
      error: Type.Optional(Type.String()),
      from: Type.Optional(Time),
      to: Type.Optional(Time),
      source: Type.Optional(Type.String()),
      partition: Type.Optional(Type.Integer()),
    }),
  ),
  all: Type.Boolean(),
  dryRun: Type.Boolean(),
  edited: Type.Boolean(),
  maxPerSecond: nullable(Type.Integer()),
  cutoff: Type.Array(Type.Object({ partition: Type.Integer(), offset: Type.Integer() }), {
    description:
      'Where each partition of the dead-letter topic ended when it was created. It takes nothing from there on.',
  }),
  progress: Type.Object({
    examined: Type.Integer({
      description: 'Records of the dead-letter topic, or positions, that were gone through.',
    }),
    total: Type.Integer({ description: 'Those to go through.' }),
    matched: Type.Integer({
      description: 'Open dead letters that fit. In a dry run: what a redrive would take.',
    }),
    published: Type.Integer(),
    skipped: Type.Integer({ description: 'Fit, and are not open any more, or second copies, or not there.' }),
    undeliverable: Type.Integer({ description: 'Fit, could not be published, and are still open.' }),
  }),
  perSecond: Type.Number({ description: 'Published in a second, lately; 0 when it is not running.' }),
  estimatedEnd: nullable(
    Type.Integer({ description: 'Epoch ms; null: it is not running, or nobody knows yet.' }),
  ),
  waitingFor: nullable(Type.String({ description: 'What keeps it from going on.' })),
  error: nullable(Type.String({ description: 'Why it failed.' })),
};

export const RedriveSummary = Type.Object(redriveProperties);

export const RedriveList = Type.Object({ redrives: Type.Array(RedriveSummary) });

export const RedriveView = Type.Object({
  ...redriveProperties,
  problems: Type.Array(
    Type.Object({ partition: Type.Integer(), offset: Type.Integer(), problem: Type.String() }),
    { description: 'The first hundred that were not published, and why.' },
  ),
});

export const Steered = Type.Object({ outcome: oneOf('done', 'unchanged'), redrive: RedriveView });

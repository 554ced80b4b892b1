import { Type } from 'typebox';
import {
  BATCH,
  GivenHeaders,
  HandlerError,
  keyProperties,
  Offset,
  oneOf,
  TICKET_EXAMPLE,
} from '../../schemas.ts';

export const OutcomeBody = Type.Object(
  {
    claimEpoch: Type.String(),
    incarnation: Type.String(),
    outcomes: Type.Array(
      Type.Object({
        ...keyProperties,
        offset: Offset,
        delivery: Type.Optional(Type.String({ description: '`x-retry-delivery`, where the record has it.' })),
        result: oneOf('succeeded', 'failed'),
        error: Type.Optional(HandlerError),
        traceparent: Type.Optional(
          Type.String({
            description:
              'The header of that name, where the record has it: the span of the outcome goes there. Ignored unless the service traces.',
          }),
        ),
      }),
      { maxItems: BATCH },
    ),
  },
  {
    examples: [
      {
        ...TICKET_EXAMPLE,
        outcomes: [
          {
            key: 'Order-101',
            offset: 41,
            result: 'failed',
            error: { class: 'TimeoutError', message: 'no answer' },
          },
        ],
      },
    ],
  },
);

export const Results = Type.Object({
  results: Type.Array(
    Type.Object({
      result: oneOf('redirect', 'stale', 'block', 'recorded', 'deadLettered', 'done', 'wait'),
      headers: Type.Optional(GivenHeaders),
      retryAfterMs: Type.Optional(Type.Integer()),
      attempt: Type.Optional(Type.Integer()),
      nextAttemptAt: Type.Optional(Type.Integer()),
      unlocked: Type.Optional(Type.Boolean()),
    }),
    { description: 'One for each outcome, in its order.' },
  ),
});

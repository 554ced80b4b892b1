import type { Static } from 'typebox';
import type { DeadLetterFilter } from '../../../dead-letters/filter.ts';
import { PLACE_BYTES } from '../../../dead-letters/listing.ts';
import type { Place } from '../../../dead-letters/listing.ts';
import { OrchestratorError } from '../../../errors.ts';
import type { App, AppContext } from '../../app-context.ts';
import { invalid, keyOfFields } from '../../keys.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { timeOf } from '../../times.ts';
import { dismiss } from './dismissals.ts';
import { rowFields, viewFields } from './letter-fields.ts';
import {
  DeadLetterInFull,
  DeadLetterPage,
  DeadLettersQuery,
  DismissalBody,
  DismissalDone,
  PositionParams,
  PositionQuery,
  SummaryAnswer,
} from './schemas.ts';

const PAGE = 100;
const PAYLOAD_LIMIT = 65_536;

export function deadLetterRoutes(app: App, { desks, clock, audit }: AppContext): void {
  app.get(
    '/v1/routes/:route/dead-letters',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['dead-letters'],
        operationId: 'listDeadLetters',
        summary: 'Dead letters, the newest first; open ones unless a status is given',
        params: RouteParams,
        querystring: DeadLettersQuery,
        response: { 200: DeadLetterPage, ...errorAnswers },
      },
    },
    async ({ params, query }) => {
      const { deadLetters } = desks.of(params.route);
      const { status = 'open', limit = PAGE, cursor } = query;
      const filter = filterOf(query, clock.now());
      const after = cursor === undefined ? null : placeOf(cursor);
      const page = await deadLetters.page({ filter, status, limit, after });
      const { open, openRows, pastEvicted, partitions } = await deadLetters.state();
      const whole = status === 'open' ? true : !pastEvicted;
      return {
        deadLetters: page.letters.map(rowFields),
        cursor: page.next === null ? null : page.next.toString('base64url'),
        complete: open !== null && open <= openRows && whole,
        indexedUpTo: partitions.map(({ partition, cursor: offset, restored }) => ({
          partition,
          offset,
          restored,
        })),
      };
    },
  );

  app.get(
    '/v1/routes/:route/dead-letters/summary',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['dead-letters'],
        operationId: 'summariseDeadLetters',
        summary: 'Open dead letters by reason and error class',
        params: RouteParams,
        response: { 200: SummaryAnswer, ...errorAnswers },
      },
    },
    async ({ params }) => {
      const { deadLetters } = desks.of(params.route);
      const groups = await deadLetters.summary();
      const { open, openRows } = await deadLetters.state();
      return { open, withoutDetail: Math.max(0, (open ?? 0) - openRows), groups };
    },
  );

  app.get(
    '/v1/routes/:route/dead-letters/:partition/:offset',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['dead-letters'],
        operationId: 'getDeadLetter',
        summary: 'All of one dead letter, read from Kafka',
        params: PositionParams,
        querystring: PositionQuery,
        response: { 200: DeadLetterInFull, ...errorAnswers },
      },
    },
    async ({ params: { route, partition, offset }, query: { payloadLimit = PAYLOAD_LIMIT } }) => {
      const { deadLetters } = desks.of(route);
      const view = deadLetters.has(partition) ? await deadLetters.view({ partition, offset }) : null;
      if (view === null) {
        throw new OrchestratorError(
          'UNKNOWN_DEAD_LETTER',
          'there is no dead letter of this route at that place, or retention has removed it',
        );
      }
      return viewFields(view, payloadLimit);
    },
  );

  app.post(
    '/v1/routes/:route/dead-letters/dismissals',
    {
      config: { scope: 'operate' },
      schema: {
        tags: ['dead-letters'],
        operationId: 'dismissDeadLetters',
        summary: 'Settle dead letters that nothing is to be done about',
        params: RouteParams,
        body: DismissalBody,
        response: { 200: DismissalDone, ...errorAnswers },
      },
    },
    async (request): Promise<Static<typeof DismissalDone>> => {
      const { route } = request.params;
      const { positions, reason } = request.body;
      const done = await dismiss(desks.of(route).deadLetters, positions, request.id);
      const { dismissed, unchanged, unknown } = done;
      const result = { dismissed, unchanged, unknown: unknown.length };
      audit.record(request, { action: 'dismiss', route, target: { positions }, reason, result });
      return done;
    },
  );
}

/** As a query or a body gives it. @throws INVALID */
export function filterOf(
  query: Omit<Static<typeof DeadLettersQuery>, 'status' | 'limit' | 'cursor'>,
  now: number,
): DeadLetterFilter {
  const { reason, errorClass, error, from, to, source, partition } = query;
  const key = keyOfFields(query);
  return {
    ...(key === null ? {} : { key }),
    ...(reason === undefined ? {} : { reason }),
    ...(errorClass === undefined ? {} : { errorClass }),
    ...(error === undefined ? {} : { error }),
    ...(from === undefined ? {} : { from: timeOf(from, now, 'from') }),
    ...(to === undefined ? {} : { to: timeOf(to, now, 'to') }),
    ...(source === undefined ? {} : { source }),
    ...(partition === undefined ? {} : { partition }),
  };
}

function placeOf(cursor: string): Place {
  const place = Buffer.from(cursor, 'base64url');
  if (place.length !== PLACE_BYTES || place.toString('base64url') !== cursor) {
    throw invalid('cursor is none that a page gave');
  }
  return place;
}

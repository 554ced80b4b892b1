import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { duration } from '../../../config/formats.ts';
import { unitFields } from '../../../domain/key-fields.ts';
import { keyUnit } from '../../../domain/unit.ts';
import type { App, AppContext } from '../../app-context.ts';
import { invalid, keyOfFields } from '../../keys.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { actOnLock, findLock, type LockAction } from './acting.ts';
import { BulkRun } from './bulk.ts';
import { listLocks } from './listing.ts';
import { unitInBody, unitInPath } from './units.ts';
import { lockFields } from './lock-fields.ts';
import { formatCursor, parseCursor } from './order.ts';
import {
  ActionBody,
  ActionDone,
  AnyActionBody,
  BulkAnswer,
  BulkBody,
  IdempotencyHeaders,
  LockPage,
  LockParams,
  LockQuery,
  LocksQuery,
  LockWithEntries,
} from './schemas.ts';

const PAGE = 100;
const ENTRIES = 1_000;

export function lockRoutes(app: App, { desks, clock, audit, stopping }: AppContext): void {
  const act = async (
    request: FastifyRequest,
    route: string,
    deed: LockAction,
  ): Promise<Static<typeof ActionDone>> => {
    const { unit, action, reason } = deed;
    const { repeated, ...done } = await actOnLock(desks.of(route), deed, idempotencyKeyOf(request));
    const { outcome, entries, partition } = done;
    const target = { ...unitFields(unit), partition };
    audit.record(request, { action, route, target, reason, result: { outcome, entries, repeated } });
    return done;
  };

  app.get(
    '/v1/routes/:route/locks',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['locks'],
        operationId: 'listLocks',
        summary: 'Locks: the oldest, the largest or the most tried first',
        params: RouteParams,
        querystring: LocksQuery,
        response: { 200: LockPage, ...errorAnswers },
      },
    },
    async ({ params, query }) => {
      const {
        state,
        partition,
        olderThan,
        keyPrefix,
        errorClass,
        sort = 'age',
        limit = PAGE,
        cursor,
      } = query;
      const key = keyOfFields(query);
      const now = clock.now();
      const { locks, next } = await listLocks(desks.of(params.route), {
        partition,
        unit: key === null ? null : keyUnit(key),
        state,
        before: olderThan === undefined ? Infinity : now - durationOf(olderThan),
        keyPrefix: keyPrefix === undefined ? null : Buffer.from(keyPrefix, 'utf8'),
        errorClass,
        sort,
        limit,
        after: cursor === undefined ? null : parseCursor(cursor, sort),
      });
      return {
        locks: locks.map((lock) => lockFields(lock, now)),
        cursor: next === null ? null : formatCursor(sort, next),
      };
    },
  );

  app.get(
    '/v1/routes/:route/locks/:key',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['locks'],
        operationId: 'getLock',
        summary: 'One lock with its entries',
        params: LockParams,
        querystring: LockQuery,
        response: { 200: LockWithEntries, ...errorAnswers },
      },
    },
    async ({ params, query }) => {
      const desk = desks.of(params.route);
      const lock = await findLock(desk, unitInPath(params.key, query.encoding), query.partition, ENTRIES);
      return { ...lockFields(lock, clock.now()), entries: [...lock.entries] };
    },
  );

  app.post(
    '/v1/routes/:route/locks/actions',
    {
      config: { scope: 'operate' },
      schema: {
        tags: ['locks'],
        operationId: 'actOnLock',
        summary: 'Act on any lock',
        params: RouteParams,
        headers: IdempotencyHeaders,
        body: AnyActionBody,
        response: { 200: ActionDone, ...errorAnswers },
      },
    },
    (request) => {
      const { params, body } = request;
      return act(request, params.route, { unit: unitInBody(body), partition: body.partition, ...body });
    },
  );

  app.post(
    '/v1/routes/:route/locks/bulk-actions',
    {
      config: { scope: 'operate' },
      schema: {
        tags: ['locks'],
        operationId: 'actOnLocks',
        summary: 'Act on all locks that match a filter',
        params: RouteParams,
        headers: IdempotencyHeaders,
        body: BulkBody,
        response: { 200: BulkAnswer, ...errorAnswers },
      },
    },
    async (request) => {
      const { route } = request.params;
      const { filter, action, reason, dryRun = false, limit = Infinity } = request.body;
      const { olderThan } = filter;
      const bulk = {
        ...{ filter, action, dryRun, limit },
        before: olderThan === undefined ? Infinity : clock.now() - durationOf(olderThan),
        use: JSON.stringify(['bulk', action, filter, request.body.limit ?? null, reason]),
      };
      const done = await new BulkRun(desks.of(route), bulk, idempotencyKeyOf(request), stopping).run();
      audit.record(request, {
        action: `bulk-${action}`,
        route,
        target: { filter },
        reason,
        result: { ...done },
      });
      return done;
    },
  );

  app.post(
    '/v1/routes/:route/locks/:key/actions',
    {
      config: { scope: 'operate' },
      schema: {
        tags: ['locks'],
        operationId: 'actOnLockOfKey',
        summary: 'Act on the lock of a key',
        params: LockParams,
        querystring: LockQuery,
        headers: IdempotencyHeaders,
        body: ActionBody,
        response: { 200: ActionDone, ...errorAnswers },
      },
    },
    (request) => {
      const { params, query, body } = request;
      const unit = unitInPath(params.key, query.encoding);
      return act(request, params.route, { unit, partition: query.partition, ...body });
    },
  );
}

function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const { 'idempotency-key': key } = headers;
  return Array.isArray(key) ? key.join(',') : key;
}

function durationOf(text: string): number {
  try {
    return duration().parse(text);
  } catch (error) {
    throw invalid(`olderThan: ${(error as Error).message}`);
  }
}

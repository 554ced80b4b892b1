import type { Static } from 'typebox';
import { keyFields } from '../../../domain/key-fields.ts';
import { keyOf } from '../../../domain/unit.ts';
import type { Unit } from '../../../domain/unit.ts';
import type { Clock } from '../../../clock.ts';
import type { App, AppContext } from '../../app-context.ts';
import { partitionsOf } from '../../desks.ts';
import type { RouteDesk } from '../../route-desk.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { HotKeys, HotKeysQuery } from './schemas.ts';

type Fields = Static<typeof HotKeys>;

const LIMIT = 20;

export function hotKeyRoutes(app: App, { desks, clock }: AppContext): void {
  app.get(
    '/v1/routes/:route/hot-keys',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['locks'],
        operationId: 'listHotKeys',
        summary: 'The keys with most held messages, or most failures',
        params: RouteParams,
        querystring: HotKeysQuery,
        response: { 200: HotKeys, ...errorAnswers },
      },
    },
    ({ params, query: { by = 'held', limit = LIMIT } }) => {
      const desk = desks.of(params.route);
      return by === 'held' ? byHeld(desk, limit) : byFailures(desk, limit, clock);
    },
  );
}

async function byHeld(desk: RouteDesk, limit: number): Promise<Fields> {
  const { at, total, keys, without } = await desk.hotKeys.held(partitionsOf(desk, undefined));
  return {
    ...{ by: 'held', at, since: null, total },
    othersAtMost: keys[limit]?.held ?? 0,
    without: [...without],
    keys: keys.slice(0, limit).map(({ unit, partition, held }) => fieldsOf(unit, partition, held, 0, total)),
  };
}

async function byFailures(desk: RouteDesk, limit: number, clock: Clock): Promise<Fields> {
  const { since, total, othersAtMost, keys } = await desk.hotKeys.failing(limit);
  return {
    ...{ by: 'failures', at: clock.now(), since, total, othersAtMost, without: [] },
    keys: keys.map(({ unit, partition, count, error }) => fieldsOf(unit, partition, count, error, total)),
  };
}

function fieldsOf(
  unit: Unit,
  partition: number,
  count: number,
  error: number,
  total: number,
): Fields['keys'][number] {
  const share = total === 0 ? 0 : Number((count / total).toFixed(4));
  return { ...keyFields(keyOf(unit)), partition, count, error, share };
}

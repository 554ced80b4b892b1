import type { Unit } from '../../../domain/unit.ts';
import type { App, AppContext } from '../../app-context.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { unitInBody, unitInPath } from '../locks/units.ts';
import { explanationFields } from './explanation-fields.ts';
import { gather } from './gather.ts';
import { AnyKeyQuery, Explanation, KeyParams, KeyQuery } from './schemas.ts';

export function keyRoutes(app: App, { desks, clock }: AppContext): void {
  const explained = async (route: string, unit: Unit, partition: number | undefined) =>
    explanationFields(await gather(desks.of(route), unit, partition, clock.now()));

  app.get(
    '/v1/routes/:route/keys/:key',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'explainKey',
        tags: ['locks'],
        summary: 'Why a key is locked or not, what happens next, what is awaited, and what one can do',
        params: KeyParams,
        querystring: KeyQuery,
        response: { 200: Explanation, ...errorAnswers },
      },
    },
    ({ params, query }) => explained(params.route, unitInPath(params.key, query.encoding), query.partition),
  );

  app.get(
    '/v1/routes/:route/keys',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'explainAnyKey',
        tags: ['locks'],
        summary: 'The same for any key, empty ones included, and for messages without a key',
        params: RouteParams,
        querystring: AnyKeyQuery,
        response: { 200: Explanation, ...errorAnswers },
      },
    },
    ({ params, query }) => explained(params.route, unitInBody(query), query.partition),
  );
}

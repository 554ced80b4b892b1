import type { App, AppContext } from '../../app-context.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { FailureList, FailuresQuery } from './schemas.ts';

const LIMIT = 50;

export function failureRoutes(app: App, { desks }: AppContext): void {
  app.get(
    '/v1/routes/:route/failures',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['locks'],
        operationId: 'listFailures',
        summary: 'Failed attempts, grouped by the class and the shape of their errors',
        params: RouteParams,
        querystring: FailuresQuery,
        response: { 200: FailureList, ...errorAnswers },
      },
    },
    async ({ params, query: { sort = 'count', limit = LIMIT } }) => {
      const failures = await desks.of(params.route).failures.store.top(sort, limit);
      return { failures: failures.map(({ id: _, ...failure }) => failure) };
    },
  );
}

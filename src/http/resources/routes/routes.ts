import type { App, AppContext } from '../../app-context.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { viewRoute } from './route-view.ts';
import { RouteList, RouteView } from './schemas.ts';

export function routeRoutes(app: App, { desks, clock }: AppContext): void {
  app.get(
    '/v1/routes',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['routes'],
        operationId: 'listRoutes',
        summary: 'All routes',
        response: { 200: RouteList, ...errorAnswers },
      },
    },
    async () => ({ routes: await Promise.all(desks.all().map((desk) => viewRoute(desk, clock))) }),
  );

  app.get(
    '/v1/routes/:route',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['routes'],
        operationId: 'getRoute',
        summary: 'One route: configuration in force, totals, shards, problems',
        params: RouteParams,
        response: { 200: RouteView, ...errorAnswers },
      },
    },
    ({ params: { route } }) => viewRoute(desks.of(route), clock),
  );
}

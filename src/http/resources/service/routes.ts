import type { App, AppContext } from '../../app-context.ts';
import { anonymous } from '../../auth/principal.ts';
import { errorAnswers } from '../../schemas.ts';
import { ServiceView } from './schemas.ts';

export function serviceRoutes(app: App, { authentication, version, environment }: AppContext): void {
  app.get(
    '/v1',
    {
      config: { scope: 'open', tellsWho: true },
      schema: {
        tags: ['service'],
        operationId: 'describeService',
        summary: 'Which service this is, how it finds out who calls, and what you may',
        response: { 200: ServiceView, ...errorAnswers },
      },
    },
    ({ principal }) => {
      const you = principal ?? anonymous([]);
      return {
        name: 'retry-orchestrator' as const,
        version,
        environment,
        authentication: authentication.kind,
        you: { name: you.name, scopes: [...you.scopes] },
      };
    },
  );
}

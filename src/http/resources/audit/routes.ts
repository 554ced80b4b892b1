import type { App, AppContext } from '../../app-context.ts';
import { errorAnswers } from '../../schemas.ts';
import { timeOf } from '../../times.ts';
import { AuditPage, AuditQuery } from './schemas.ts';

const PAGE = 100;

export function auditRoutes(app: App, { audit, clock }: AppContext): void {
  app.get(
    '/v1/audit',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['audit'],
        operationId: 'listDeeds',
        summary: 'What operators did',
        description:
          'The last 10,000 deeds (`audit.kept`), refused ones included. A Redis that loses its data loses them; the log and the topic of the audit have them still.',
        querystring: AuditQuery,
        response: { 200: AuditPage, ...errorAnswers },
      },
    },
    async ({ query: { route, action, who, since, limit = PAGE, cursor } }) => {
      const { deeds, cursor: next } = await audit.read({
        route: route ?? null,
        action: action ?? null,
        who: who ?? null,
        since: since === undefined ? 0 : timeOf(since, clock.now(), 'since'),
        limit,
        cursor: cursor ?? null,
      });
      return { deeds: [...deeds], cursor: next };
    },
  );
}

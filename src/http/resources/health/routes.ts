import type { App, AppContext } from '../../app-context.ts';
import type { RouteDesk } from '../../route-desk.ts';
import { Live, NotReady, Ready } from './schemas.ts';

export function healthRoutes(app: App, { desks, foundations, metrics }: AppContext): void {
  app.get(
    '/livez',
    { schema: { tags: ['health'], summary: 'The process answers', response: { 200: Live } } },
    () => ({ live: true as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags: ['health'],
        summary: 'Kafka and Redis answer, and every owned shard is restored',
        response: { 200: Ready, 503: NotReady },
      },
    },
    async (_request, reply) => {
      const missing = [...(await foundations.missing()), ...desks.all().flatMap(missingOf)];
      if (missing.length > 0) return reply.code(503).send({ ready: false, missing });
      return reply.code(200).send({ ready: true });
    },
  );

  app.get(
    '/metrics',
    { schema: { tags: ['health'], summary: "Metrics in Prometheus' text format", produces: ['text/plain'] } },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.expose()),
  );

  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

function missingOf(desk: RouteDesk): string[] {
  const problems = [...desk.problems()];
  if (desk.partitionCount() === 0 && problems.length === 0) {
    problems.push(`Kafka has not said yet which partitions ${desk.config.retryTopic} has`);
  }
  for (const { partition, restored, journalLate } of desk.shards()) {
    if (!restored) problems.push(`partition ${partition} is not restored yet`);
    if (journalLate) problems.push(`partition ${partition}: outcomes can't be written to the retry topic`);
  }
  return problems.map((problem) => `${desk.config.name}: ${problem}`);
}

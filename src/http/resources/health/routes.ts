import type { App, AppContext } from '../../app-context.ts';
import { ErrorAnswer } from '../../schemas.ts';
import type { RouteDesk } from '../../route-desk.ts';
import { Live, NotReady, ReadinessQuery, Ready } from './schemas.ts';

export function healthRoutes(app: App, { desks, foundations, metrics }: AppContext): void {
  app.get(
    '/livez',
    {
      config: { scope: 'open' },
      schema: {
        tags: ['health'],
        operationId: 'isLive',
        summary: 'The process answers',
        response: { 200: Live },
      },
    },
    () => ({ live: true as const }),
  );

  app.get(
    '/readyz',
    {
      config: { scope: 'open' },
      schema: {
        tags: ['health'],
        operationId: 'isReady',
        summary: 'Kafka and Redis answer, every owned shard is restored, and no route is degraded',
        querystring: ReadinessQuery,
        response: { 200: Ready, 503: NotReady, '4xx': ErrorAnswer },
      },
    },
    async ({ query: { scope } }, reply) => {
      const degraded = desks.all().flatMap(degradedBy);
      const missing = [
        ...(await foundations.missing()),
        // A probe that takes replicas out of service asks for the process: a topic of one route must not stop them all.
        ...desks
          .all()
          .flatMap((desk) => [...(scope === 'process' ? [] : degradedBy(desk)), ...missingOf(desk)]),
      ];
      if (missing.length > 0) return reply.code(503).send({ ready: false, missing });
      return reply.code(200).send({ ready: true, ...(degraded.length > 0 ? { degraded } : {}) });
    },
  );

  app.get(
    '/metrics',
    {
      config: { scope: 'open' },
      schema: {
        tags: ['health'],
        operationId: 'getMetrics',
        summary: "Metrics in Prometheus' text format",
        produces: ['text/plain'],
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.expose()),
  );

  app.get('/openapi.json', { config: { scope: 'open' }, schema: { hide: true } }, () => app.swagger());
}

function missingOf(desk: RouteDesk): string[] {
  const missing: string[] = [];
  if (desk.partitionCount() === 0 && desk.problems().length === 0) {
    missing.push(`Kafka has not said yet which partitions ${desk.config.retryTopic} has`);
  }
  for (const { partition, restored, journalLate } of desk.shards()) {
    if (!restored) missing.push(`partition ${partition} is not restored yet`);
    if (journalLate) missing.push(`partition ${partition}: outcomes can't be written to the retry topic`);
  }
  return missing.map((each) => `${desk.config.name}: ${each}`);
}

function degradedBy(desk: RouteDesk): string[] {
  return desk.problems().map((problem) => `${desk.config.name}: ${problem}`);
}

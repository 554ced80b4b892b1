import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../metrics/metrics.ts';
import { HTTP_METHODS, HTTP_STATUSES } from '../../metrics/process-definitions.ts';

/** Measures every answer. By the pattern of its path, never by the path: there are keys in it. */
export function measureRequests(app: FastifyInstance, { httpRequests }: Pick<Metrics, 'httpRequests'>): void {
  app.addHook('onResponse', (request, reply, done) => {
    httpRequests.observe(
      {
        method: HTTP_METHODS.find((method) => method === request.method) ?? 'other',
        path: request.routeOptions.url ?? 'none',
        status: HTTP_STATUSES[Math.floor(reply.statusCode / 100) - 1] ?? '5xx',
      },
      reply.elapsedTime / 1_000,
    );
    done();
  });
}

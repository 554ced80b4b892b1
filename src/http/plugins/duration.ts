import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../metrics/metrics.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** Measures every answer. By the pattern of its path, never by the path: there are keys in it. */
export function measureRequests(app: FastifyInstance, { httpRequests }: Pick<Metrics, 'httpRequests'>): void {
  app.addHook('onResponse', (request, reply, done) => {
    httpRequests.observe(
      {
        method: METHODS.find((method) => method === request.method) ?? 'other',
        path: request.routeOptions.url ?? 'none',
        status: CLASSES[Math.floor(reply.statusCode / 100) - 1] ?? '5xx',
      },
      reply.elapsedTime / 1_000,
    );
    done();
  });
}

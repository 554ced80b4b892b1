import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** Describes all routes that are added after it. */
export function describeApi(app: FastifyInstance): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Retry orchestrator',
        version: '1',
        description: 'Delayed retries for Apache Kafka that keep the order of every key.',
      },
      tags: [
        { name: 'gate', description: 'What the consumers of a route ask and tell.' },
        { name: 'locks', description: 'What is held, and what an operator can do about it.' },
        { name: 'routes', description: 'Configuration in force, figures, problems.' },
        { name: 'health', description: 'For the platform around the service.' },
      ],
    },
  });
}

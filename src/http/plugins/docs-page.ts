import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** What the page needs. Nothing is asked of other hosts, nor by TLS where the service speaks none. */
const POLICY = [
  ...[
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
  ],
  ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** The OpenAPI document as a page to read and to try calls out, at /docs. It brings all its files along. */
export function showDocs(app: FastifyInstance): void {
  void app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, scope: 'open' };
      route.schema = { ...route.schema, hide: true };
      // It has one of its own.
      route.helmet = { contentSecurityPolicy: false };
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: POLICY,
      uiConfig: { docExpansion: 'none', persistAuthorization: false, tryItOutEnabled: true },
    });
  });
}

import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** What an operator sends is small; a page of a thousand positions takes a tenth of it. */
const SMALL_BODY = 512 * 2 ** 10;

/**
 * Headers against browsers that guess, and small bodies wherever no batch is expected. The calls of the gate come from no
 * browser, thousands of times a second, and go without. A path that needs another `bodyLimit` declares it.
 */
export function harden(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.scope === 'gate') route.helmet = false;
    else route.bodyLimit ??= SMALL_BODY;
  });
  void app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Whether all of a host is to be asked by TLS alone is for whoever has its certificate to say.
    strictTransportSecurity: false,
  });
}

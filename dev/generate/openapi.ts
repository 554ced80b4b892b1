import { Audit } from '../../src/audit/audit.ts';
import { systemClock } from '../../src/clock.ts';
import { createApp } from '../../src/http/app.ts';
import { Authentication } from '../../src/http/auth/authentication.ts';
import { ChangingLevel } from '../../src/log-level.ts';
import { createLogger } from '../../src/logger.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { versionOfPackage } from '../../src/version.ts';

const nothing = (): Promise<never> => Promise.reject(new Error('nobody asks while the document is made'));

/** docs/openapi.json: what `GET /openapi.json` answers. */
export async function openApiDocument(): Promise<string> {
  const logger = createLogger('silent');
  const clock = systemClock;
  const app = createApp({
    desks: new Map(),
    foundations: { missing: nothing },
    metrics: createMetrics([]),
    audit: new Audit({
      trail: { append: nothing, read: nothing },
      publish: null,
      routes: new Set(),
      onLost: () => undefined,
      logger,
      clock,
      logKeys: false,
    }),
    authentication: new Authentication({ auth: 'none', logger, clock }),
    http: {
      trustProxy: false,
      limits: { callsPerMinute: null, gateCallsPerMinute: null, refusalsPerMinute: 1 },
    },
    tracing: null,
    logLevel: new ChangingLevel({ configured: 'info', clock, onBack: () => undefined }),
    version: versionOfPackage(),
    environment: null,
    logger,
    clock,
  });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}

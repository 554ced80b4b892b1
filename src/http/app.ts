import fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../clock.ts';
import type { HttpConfig } from '../config/config.ts';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { App, AppContext } from './app-context.ts';
import type { Authentication } from './auth/authentication.ts';
import { Desks } from './desks.ts';
import { authorize } from './plugins/authorization.ts';
import { showDocs } from './plugins/docs-page.ts';
import { measureRequests } from './plugins/duration.ts';
import { answerBrokenRequest, answerErrors, errorHandler } from './plugins/errors.ts';
import { harden } from './plugins/hardening.ts';
import { readJsonBodies } from './plugins/json-body.ts';
import { describeApi } from './plugins/openapi.ts';
import { requestIdOf, tellRequestIds } from './plugins/request-id.ts';
import { validatorCompiler } from './plugins/validation.ts';
import { admissionRoutes } from './resources/admissions/routes.ts';
import { auditRoutes } from './resources/audit/routes.ts';
import { claimRoutes } from './resources/claims/routes.ts';
import { deadLetterRoutes } from './resources/dead-letters/routes.ts';
import { failureRoutes } from './resources/failures/routes.ts';
import { healthRoutes } from './resources/health/routes.ts';
import { hotKeyRoutes } from './resources/hot-keys/routes.ts';
import { keyRoutes } from './resources/keys/routes.ts';
import { lockRoutes } from './resources/locks/routes.ts';
import { outcomeRoutes } from './resources/outcomes/routes.ts';
import { partitionRoutes } from './resources/partitions/routes.ts';
import { redriveRoutes } from './resources/redrives/routes.ts';
import { renewalRoutes } from './resources/renewals/routes.ts';
import { routeRoutes } from './resources/routes/routes.ts';
import { switchRoutes } from './resources/routes/switching.ts';
import { logLevelRoutes } from './resources/service/log-level.ts';
import { serviceRoutes } from './resources/service/routes.ts';
import type { Foundations, RouteDesk } from './route-desk.ts';

interface Deps {
  /** By the name of the route. */
  readonly desks: ReadonlyMap<string, RouteDesk>;
  readonly foundations: Foundations;
  readonly metrics: Metrics;
  readonly audit: Audit;
  readonly authentication: Authentication;
  readonly http: Pick<HttpConfig, 'limits' | 'trustProxy'>;
  /** null: no SDK was loaded. */
  readonly tracing: Tracing | null;
  readonly logLevel: AppContext['logLevel'];
  readonly version: string;
  readonly environment: string | null;
  /** Hears of every path that is added. */
  readonly onRoute?: (route: RouteOptions) => void;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A thousand records with errors and keys of 1 KiB each fit in a quarter of it. */
const BODY_LIMIT = 8 * 2 ** 20;

/** The HTTP API, without a port: `inject` is enough to ask it. */
export function createApp(deps: Deps): FastifyInstance {
  const { desks: byName, audit, authentication, http, logger, onRoute, ...more } = deps;
  const desks = new Desks(byName);
  const onError = errorHandler({ desks, logger });
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    // A body that trickles in must not hold up a stop for ever.
    requestTimeout: 30_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 5_000 },
    trustProxy: http.trustProxy,
    genReqId: requestIdOf,
    // A request that comes while the app closes is answered as ever, and its connection closed.
    return503OnClosing: false,
    // Keys stand in paths, and may be as long as a URL may be.
    routerOptions: { maxParamLength: 65_536 },
    frameworkErrors: onError,
    clientErrorHandler: answerBrokenRequest,
  });
  const stopping = new AbortController();
  app.addHook('preClose', (done) => {
    stopping.abort(new OrchestratorError('NOT_READY', 'the service is stopping', { retryAfterMs: 1_000 }));
    done();
  });
  app.setValidatorCompiler(validatorCompiler);
  readJsonBodies(app);
  if (onRoute !== undefined) app.addHook('onRoute', onRoute);
  answerErrors(app, { desks, logger });
  tellRequestIds(app);
  measureRequests(app, more.metrics);
  harden(app);
  authorize(app, { authentication, audit, limits: http.limits });
  describeApi(app, more.version);
  showDocs(app);

  const context: AppContext = {
    ...more,
    desks,
    audit,
    authentication,
    logger,
    stopping: stopping.signal,
  };
  void app.register((scope: App, _options, done) => {
    for (const add of RESOURCES) add(scope, context);
    done();
  });
  return app;
}

const RESOURCES = [
  healthRoutes,
  claimRoutes,
  renewalRoutes,
  admissionRoutes,
  outcomeRoutes,
  routeRoutes,
  switchRoutes,
  lockRoutes,
  keyRoutes,
  failureRoutes,
  hotKeyRoutes,
  partitionRoutes,
  redriveRoutes,
  deadLetterRoutes,
  auditRoutes,
  serviceRoutes,
  logLevelRoutes,
];

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../clock.ts';
import type { ChangingLevel } from '../log-level.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Authentication } from './auth/authentication.ts';
import type { Desks } from './desks.ts';
import type { Foundations } from './route-desk.ts';

/** Fastify with the types of a request taken from its schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/**
 * Who may call a path: anybody, the consumers of a route, those who look, or those who act (who may look as well).
 */
export type Scope = 'open' | 'gate' | 'read' | 'operate';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every path declares it. */
    readonly scope?: Scope;
    /** An open path that tells a caller who they are: a token that comes with it has to be good. */
    readonly tellsWho?: true;
  }
}

/** What the resources work with. */
export interface AppContext {
  readonly desks: Desks;
  readonly foundations: Foundations;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly authentication: Authentication;
  /** null: no SDK was loaded. */
  readonly tracing: Tracing | null;
  readonly logLevel: Pick<ChangingLevel, 'current' | 'state' | 'set'>;
  /** Of this service. */
  readonly version: string;
  /** Where it runs, as the configuration calls it. */
  readonly environment: string | null;
  readonly clock: Clock;
  /** Aborted when the app begins to close: what waits gives up. */
  readonly stopping: AbortSignal;
}

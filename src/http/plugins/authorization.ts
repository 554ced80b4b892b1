import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Audit } from '../../audit/audit.ts';
import type { HttpConfig } from '../../config/config.ts';
import { OrchestratorError } from '../../errors.ts';
import type { Scope } from '../app-context.ts';
import type { Authentication } from '../auth/authentication.ts';
import { limitCalls, limited } from '../auth/call-limits.ts';
import { allows, type Principal } from '../auth/principal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; null until that is known, and on open paths. */
    principal: Principal | null;
  }
}

interface Deps {
  readonly authentication: Authentication;
  readonly audit: Audit;
  readonly limits: HttpConfig['limits'];
}

/** Lets a request pass only where its caller has the scope that the path declares. To be added before all paths. */
export function authorize(app: FastifyInstance, { authentication, audit, limits }: Deps): void {
  const calls = limitCalls(app, limits, authentication.kind !== 'none');
  app.decorateRequest('principal', null);

  app.addHook('onRequest', async (request, reply) => {
    const scope = scopeOf(request, authentication);
    const { authorization } = request.headers;
    const asks = request.routeOptions.config.tellsWho === true && authorization !== undefined;
    if (scope === 'open' && !asks && authentication.kind !== 'none') return;
    try {
      request.principal = await authentication.principalOf(authorization);
      if (scope === 'open') return;
      await calls.count(request, scope === 'gate' ? 'gate' : 'other');
      if (allows(request.principal, scope)) return;
      throw new OrchestratorError('FORBIDDEN', `${request.principal.name} lacks the scope ${scope}`);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (!(await calls.mayBeTold(request))) throw limited('too many refused calls from this address');
      challenge(reply, error, scope);
      if (error.code === 'FORBIDDEN' && scope === 'operate') audit.refused(request);
      throw error;
    }
  });
}

function scopeOf(request: FastifyRequest, { protectMetrics }: Authentication): Scope {
  const { config, url } = request.routeOptions;
  if (protectMetrics && url === '/metrics') return 'read';
  // What forgets to say who may call it is for the fewest.
  return request.is404 ? 'open' : (config.scope ?? 'operate');
}

function isRefusal(error: unknown): error is OrchestratorError {
  return error instanceof OrchestratorError && ['UNAUTHENTICATED', 'FORBIDDEN'].includes(error.code);
}

/** RFC 6750, section 3. */
function challenge(reply: FastifyReply, { code, message }: OrchestratorError, scope: string): void {
  const sent = reply.request.headers.authorization !== undefined;
  const parts = ['Bearer realm="retry-orchestrator"'];
  if (code === 'FORBIDDEN') parts.push('error="insufficient_scope"', `scope="${scope}"`);
  else if (sent) parts.push('error="invalid_token"', `error_description="${message}"`);
  void reply.header('www-authenticate', parts.join(', '));
}

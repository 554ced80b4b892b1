import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { openedByHand } from '../../../protection/breaker.ts';
import type { ControlState, Imposed } from '../../../protection/route-control.ts';
import type { App, AppContext } from '../../app-context.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { controlFields } from './route-view.ts';
import { BreakerBody, SwitchBody, Switched } from './schemas.ts';

/** Pause, resume, and the breaker by hand. All replicas follow within a second. */
export function switchRoutes(app: App, { desks, clock, audit }: AppContext): void {
  const change = async (
    request: FastifyRequest,
    route: string,
    action: string,
    reason: string,
    next: (state: ControlState, imposed: Imposed) => ControlState,
  ): Promise<Static<typeof Switched>> => {
    const { control } = desks.of(route);
    const imposed = { since: clock.now(), reason };
    let outcome: 'done' | 'unchanged' = 'unchanged';
    const state = await control.change((current) => {
      const wanted = next(current, imposed);
      outcome = wanted === current ? 'unchanged' : 'done';
      return wanted;
    });
    audit.record(request, { action, route, target: {}, reason, result: { outcome } });
    return { outcome, ...controlFields(state) };
  };
  const schema = {
    tags: ['routes'],
    params: RouteParams,
    response: { 200: Switched, ...errorAnswers },
  };

  app.post(
    '/v1/routes/:route/pause',
    {
      config: { scope: 'operate' },
      schema: {
        ...schema,
        operationId: 'pauseRoute',
        summary: 'Stop redelivering until it is resumed',
        body: SwitchBody,
      },
    },
    (request) =>
      change(request, request.params.route, 'pause', request.body.reason, (state, imposed) =>
        state.paused === null ? { ...state, paused: imposed } : state,
      ),
  );

  app.post(
    '/v1/routes/:route/resume',
    {
      config: { scope: 'operate' },
      schema: { ...schema, operationId: 'resumeRoute', summary: 'Redeliver again', body: SwitchBody },
    },
    (request) =>
      change(request, request.params.route, 'resume', request.body.reason, (state) =>
        state.paused === null ? state : { ...state, paused: null },
      ),
  );

  app.post(
    '/v1/routes/:route/breaker',
    {
      config: { scope: 'operate' },
      schema: {
        ...schema,
        operationId: 'setBreaker',
        summary: 'Open or close the circuit breaker by hand',
        body: BreakerBody,
      },
    },
    (request) => {
      const { state: wanted, reason } = request.body;
      return change(request, request.params.route, `breaker-${wanted}`, reason, (state, imposed) => {
        if (wanted === 'closed' ? state.breaker === null : state.breaker?.cause === 'operator') return state;
        return { ...state, breaker: wanted === 'open' ? openedByHand(imposed.since, imposed.reason) : null };
      });
    },
  );
}

import type { Static } from 'typebox';
import type { FastifyRequest } from 'fastify';
import type { Steering } from '../../../redrive/redrive.ts';
import type { App, AppContext } from '../../app-context.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { askedFor } from './asked.ts';
import { redriveSummary, redriveView } from './redrive-view.ts';
import {
  CreationHeaders,
  RedriveBody,
  RedriveList,
  RedriveParams,
  RedriveView,
  Steered,
  SteeringBody,
} from './schemas.ts';

const tags = ['dead-letters'];
const BODY_LIMIT = 8 * 2 ** 20;

/** Dead letters that are to be tried again, as jobs. */
export function redriveRoutes(app: App, { desks, audit, clock }: AppContext): void {
  app.post(
    '/v1/routes/:route/redrives',
    {
      config: { scope: 'operate' },
      // A value may be replaced by one of any size that its topic takes.
      bodyLimit: BODY_LIMIT,
      schema: {
        tags,
        operationId: 'createRedrive',
        summary: 'Try dead letters again',
        description: 'Takes what is in the dead-letter topic now, and nothing that fails later.',
        params: RouteParams,
        headers: CreationHeaders,
        body: RedriveBody,
        response: { 201: RedriveView, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request;
      const { route } = params;
      const { config, redrives } = desks.of(route);
      const caller = {
        who: request.principal?.name ?? 'anonymous',
        idempotencyKey: headers['idempotency-key'],
      };
      const wish = askedFor(body, config, caller, clock.now());
      const stored = await redrives.create(wish);
      const view = redriveView(route, stored);
      const { id, positions, filter, all, state, dryRun, edited, maxPerSecond } = view;
      audit.record(request, {
        action: 'redrive',
        route,
        target: { id, ...(filter ?? (all ? { all } : { positions })) },
        reason: wish.reason,
        result: { redrive: id, state, dryRun, edited, maxPerSecond },
      });
      return reply.code(201).send(view);
    },
  );

  app.get(
    '/v1/routes/:route/redrives',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        operationId: 'listRedrives',
        summary: 'The last hundred redrives, the newest first',
        params: RouteParams,
        response: { 200: RedriveList, ...errorAnswers },
      },
    },
    async ({ params: { route } }) => {
      const stored = await desks.of(route).redrives.list();
      return { redrives: stored.map((each) => redriveSummary(route, each)) };
    },
  );

  app.get(
    '/v1/routes/:route/redrives/:redrive',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        operationId: 'getRedrive',
        summary: 'One redrive: how far it has come, and what went wrong',
        params: RedriveParams,
        response: { 200: RedriveView, ...errorAnswers },
      },
    },
    async ({ params: { route, redrive } }) => redriveView(route, await desks.of(route).redrives.get(redrive)),
  );

  const steer = async (
    request: FastifyRequest,
    { route, redrive }: Static<typeof RedriveParams>,
    { reason }: Static<typeof SteeringBody>,
    steering: Steering,
  ): Promise<Static<typeof Steered>> => {
    const { changed, stored } = await desks.of(route).redrives.steer(redrive, steering);
    const outcome = changed ? 'done' : 'unchanged';
    const view = redriveView(route, stored);
    const result = { outcome, state: view.state, published: view.progress.published };
    audit.record(request, { action: `redrive-${steering}`, route, target: { id: redrive }, reason, result });
    return { outcome, redrive: view };
  };

  const summaries = {
    pause: 'Pause a redrive; what is under way is finished',
    resume: 'Go on with a redrive that was paused',
    cancel: 'End a redrive; what it has published stays published',
  } as const satisfies Record<Steering, string>;
  for (const steering of ['pause', 'resume', 'cancel'] as const) {
    app.post(
      `/v1/routes/:route/redrives/:redrive/${steering}`,
      {
        config: { scope: 'operate' },
        schema: {
          tags,
          operationId: `${steering}Redrive`,
          summary: summaries[steering],
          params: RedriveParams,
          body: SteeringBody,
          response: { 200: Steered, ...errorAnswers },
        },
      },
      (request) => steer(request, request.params, request.body, steering),
    );
  }
}

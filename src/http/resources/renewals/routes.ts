import type { App, AppContext } from '../../app-context.ts';
import { checkPartition } from '../../desks.ts';
import { outstandingRecords } from '../../gate-records.ts';
import { keyFields } from '../../keys.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { Renewed, RenewalBody } from './schemas.ts';

export function renewalRoutes(app: App, { desks }: AppContext): void {
  app.post(
    '/v1/routes/:route/renewals',
    {
      schema: {
        tags: ['gate'],
        summary: "Renew all of a consumer's claims",
        params: RouteParams,
        body: RenewalBody,
        response: { 200: Renewed, ...errorAnswers },
      },
      preValidation: desks.checkGateCall,
    },
    async ({ params: { route }, body }) => {
      const { gate } = desks.of(route);
      for (const { partition } of body.claims) checkPartition(desks.of(route), partition);
      const requests = body.claims.map((claim, index) => ({
        ...claim,
        outstanding: outstandingRecords(claim.outstanding, `claims[${index}].outstanding`),
      }));
      const claims = await Promise.all(
        requests.map(async (claim) => {
          const { partition } = claim;
          const reply = await gate.renew(partition, claim);
          if (!reply.ok) {
            const status = reply.refused === 'FENCED' ? ('fenced' as const) : ('claim-again' as const);
            return { partition, status, lockedKeys: [], unlockedKeys: [], seen: claim.seen };
          }
          const { status, lockedKeys, unlockedKeys, seen } = reply.value;
          return {
            partition,
            status,
            lockedKeys: lockedKeys.map(keyFields),
            unlockedKeys: unlockedKeys.map(keyFields),
            seen,
          };
        }),
      );
      return { claims };
    },
  );
}

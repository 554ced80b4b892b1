import { keyFields } from '../../../domain/key-fields.ts';
import type { App, AppContext } from '../../app-context.ts';
import { checkPartition, lacksRetryPartition } from '../../desks.ts';
import { outstandingRecords } from '../../gate-records.ts';
import { errorAnswers, RouteParams } from '../../schemas.ts';
import { Renewed, RenewalBody } from './schemas.ts';

export function renewalRoutes(app: App, { desks }: AppContext): void {
  app.post(
    '/v1/routes/:route/renewals',
    {
      config: { scope: 'gate' },
      schema: {
        tags: ['gate'],
        operationId: 'renewClaims',
        description:
          'Once a second. The answer says what was locked and unlocked since, and which claims have ended.',
        summary: "Renew all of a consumer's claims",
        params: RouteParams,
        body: RenewalBody,
        response: { 200: Renewed, ...errorAnswers },
      },
      preValidation: desks.checkGateCall,
    },
    async ({ params: { route }, body }) => {
      const desk = desks.of(route);
      const { gate } = desk;
      // One that the retry topic has lost must not keep the others from being renewed.
      const lacking = ({ partition }: { partition: number }): boolean => lacksRetryPartition(desk, partition);
      for (const claim of body.claims) if (!lacking(claim)) checkPartition(desk, claim.partition);
      const requests = body.claims.map((claim, index) => ({
        ...claim,
        outstanding: outstandingRecords(claim.outstanding, `claims[${index}].outstanding`),
      }));
      const claims = await Promise.all(
        requests.map(async (claim) => {
          const { partition } = claim;
          if (lacking(claim)) return claimAgain(claim);
          const reply = await gate.renew(partition, claim);
          if (!reply.ok) {
            return reply.refused === 'FENCED'
              ? { ...claimAgain(claim), status: 'fenced' as const }
              : claimAgain(claim);
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

function claimAgain({ partition, seen }: { partition: number; seen: number }) {
  return { partition, status: 'claim-again' as const, lockedKeys: [], unlockedKeys: [], seen };
}

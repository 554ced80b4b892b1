import { OrchestratorError } from '../../../errors.ts';
import type { App, AppContext } from '../../app-context.ts';
import { gateRecord, redirectHeaders } from '../../gate-records.ts';
import { errorAnswers, PartitionParams } from '../../schemas.ts';
import { AdmissionBody, Verdicts } from './schemas.ts';

/** Claim again, and ask then. */
const WAIT = { verdict: 'wait' as const };

export function admissionRoutes(app: App, { desks, metrics }: AppContext): void {
  app.post(
    '/v1/routes/:route/partitions/:partition/admissions',
    {
      config: { scope: 'gate' },
      schema: {
        tags: ['gate'],
        operationId: 'admit',
        summary: 'May these records be handled?',
        description:
          'Asked for redelivered records, and for those whose key is on the list of the claim. They are judged in their order, each after the effects of those before it.',
        params: PartitionParams,
        body: AdmissionBody,
        response: { 200: Verdicts, ...errorAnswers },
      },
      preValidation: desks.checkGateCall,
    },
    async ({ params: { route, partition }, body: { claimEpoch, incarnation, records } }) => {
      const desk = desks.of(route);
      const asked = records.map((record, index) => gateRecord(record, 'records', index));
      const reply = await desk.gate.admit(partition, claimEpoch, incarnation, asked);
      if (!reply.ok) {
        if (reply.refused === 'FENCED') throw new OrchestratorError('FENCED', 'another claim was made since');
        return { verdicts: asked.map(() => WAIT) };
      }
      const held = reply.value.filter(({ kind }) => kind === 'hold').length;
      if (held > 0) metrics.handedOff.inc({ route }, held);
      const redirected = reply.value.filter(({ kind }) => kind === 'redirect').length;
      if (redirected > 0) metrics.redirected.inc({ route, reason: 'behind' }, redirected);
      return {
        verdicts: reply.value.map((verdict, index) => {
          if (verdict.kind !== 'redirect') return { verdict: verdict.kind };
          const headers = redirectHeaders(desk, partition, records[index]?.offset ?? 0, verdict);
          return { verdict: verdict.kind, headers };
        }),
      };
    },
  );
}

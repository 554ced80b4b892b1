import type { Static } from 'typebox';
import { readTraceContext } from '../../../domain/trace-context.ts';
import { OrchestratorError } from '../../../errors.ts';
import type { GateOutcome, OutcomeResult } from '../../../penalty-box/gate-box.ts';
import type { App, AppContext } from '../../app-context.ts';
import { failure, gateRecord, redirectHeaders } from '../../gate-records.ts';
import { invalid } from '../../keys.ts';
import type { RouteDesk } from '../../route-desk.ts';
import { errorAnswers, PartitionParams } from '../../schemas.ts';
import { OutcomeBody, Results } from './schemas.ts';

type OutcomeFields = Static<typeof OutcomeBody>['outcomes'][number];
type ResultFields = Static<typeof Results>['results'][number];

/** Claim again, and tell it then; the handler is not run again. */
const WAIT = { result: 'wait' as const };

export function outcomeRoutes(app: App, { desks, metrics, tracing }: AppContext): void {
  app.post(
    '/v1/routes/:route/partitions/:partition/outcomes',
    {
      config: { scope: 'gate' },
      schema: {
        tags: ['gate'],
        operationId: 'reportOutcomes',
        summary: 'What the handler made of records',
        description:
          'The failure of any record, and the success of a redelivered one. A record that failed for the first time is published to the retry topic then, with the headers of the answer.',
        params: PartitionParams,
        body: OutcomeBody,
        response: { 200: Results, ...errorAnswers },
      },
      preValidation: desks.checkGateCall,
    },
    async ({ params: { route, partition }, body: { claimEpoch, incarnation, outcomes } }) => {
      const desk = desks.of(route);
      const told = outcomes.map(gateOutcome);
      const reply = await desk.gate.outcomes(partition, claimEpoch, incarnation, told);
      if (!reply.ok) {
        if (reply.refused === 'FENCED') throw new OrchestratorError('FENCED', 'another claim was made since');
        return { results: told.map(() => WAIT) };
      }
      const of = { succeeded: 0, failed: 0 };
      const results = reply.value.map((result, index) => {
        if (result.kind === 'done') of.succeeded++;
        if (result.kind === 'recorded' || result.kind === 'deadLettered') of.failed++;
        const why = told[index];
        if (why?.failure && hasFailed(result)) {
          const { errorClass, errorMessage: message } = why.failure;
          desk.failures.log.add({ unit: why.unit, partition, errorClass, message });
        }
        const parent = tracing === null ? null : readTraceContext(outcomes[index]?.traceparent, undefined);
        if (parent !== null && why !== undefined) {
          tracing?.outcome(parent, {
            ...{ route, partition, offset: why.origin, result: result.kind },
            redelivered: why.token !== null,
            errorClass: why.failure?.errorClass ?? null,
          });
        }
        return resultFields(desk, partition, outcomes[index]?.offset ?? 0, result);
      });
      if (of.succeeded > 0) metrics.retriesProcessed.inc({ route, result: 'succeeded' }, of.succeeded);
      if (of.failed > 0) metrics.retriesProcessed.inc({ route, result: 'failed' }, of.failed);
      const redirected = results.filter(({ result }) => result === 'redirect').length;
      if (redirected > 0) metrics.redirected.inc({ route, reason: 'failed' }, redirected);
      return { results };
    },
  );
}

/** An attempt was made, and counts. */
function hasFailed({ kind }: OutcomeResult): boolean {
  return kind === 'redirect' || kind === 'recorded' || kind === 'deadLettered';
}

function gateOutcome(fields: OutcomeFields, index: number): GateOutcome {
  const record = gateRecord(fields, 'outcomes', index);
  if (fields.result === 'failed') return { ...record, failure: failure(fields.error) };
  // The box would take it for a failure: what is fresh and succeeded is not its business.
  if (record.token === null) {
    throw invalid(
      `outcomes[${index}].result is succeeded without a delivery; the success of a fresh record is not told`,
    );
  }
  return { ...record, failure: null };
}

function resultFields(
  desk: RouteDesk,
  partition: number,
  offset: number,
  result: OutcomeResult,
): ResultFields {
  switch (result.kind) {
    case 'redirect':
      return { result: 'redirect', headers: redirectHeaders(desk, partition, offset, result) };
    case 'recorded':
      return { result: 'recorded', attempt: result.attempt, nextAttemptAt: result.nextAttemptAt };
    case 'done':
      return { result: 'done', unlocked: result.unlocked };
    case 'block':
      return { result: 'block', retryAfterMs: result.retryAfterMs };
    case 'stale':
    case 'deadLettered':
      return { result: result.kind };
  }
}

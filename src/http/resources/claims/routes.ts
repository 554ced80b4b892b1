import { keyFields } from '../../../domain/key-fields.ts';
import { OrchestratorError } from '../../../errors.ts';
import type { Claim, ClaimRequest } from '../../../penalty-box/gate-box.ts';
import type { App, AppContext } from '../../app-context.ts';
import { outstandingRecords } from '../../gate-records.ts';
import type { RouteDesk } from '../../route-desk.ts';
import { errorAnswers, PartitionParams } from '../../schemas.ts';
import { ClaimBody, Claimed } from './schemas.ts';

/** How long a claim waits for the shard's owner to have read what was there when it came. */
const PATIENCE_MS = 5_000;
const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 50;

export function claimRoutes(app: App, context: AppContext): void {
  const { desks, logger, metrics } = context;

  app.post(
    '/v1/routes/:route/partitions/:partition/claims',
    {
      config: { scope: 'gate' },
      schema: {
        tags: ['gate'],
        operationId: 'claimPartition',
        description:
          'Before the first record of the partition. It waits until the shard has read what is in the retry topic; `503 NOT_READY` while that takes longer.',
        summary: 'Claim a main partition that the consumer group assigned',
        params: PartitionParams,
        body: ClaimBody,
        response: { 201: Claimed, ...errorAnswers },
      },
      preValidation: desks.checkGateCall,
    },
    async ({ params: { route, partition }, body, raw }, reply) => {
      const desk = desks.of(route);
      const gone = (): boolean => raw.socket.destroyed;
      const claim = await claimOnceRead(context, desk, partition, gone, {
        consumerId: body.consumerId,
        generation: body.generation ?? null,
        call: body.call ?? null,
        canHold: body.canHold === true,
        outstanding: outstandingRecords(body.outstanding, 'outstanding'),
      });
      if (claim.unansweredOffset >= 0) {
        metrics.retriesProcessed.inc({ route, result: 'unanswered' });
        logger.warn(
          { event: 'delivery_unanswered', route, partition, offset: claim.unansweredOffset },
          'the claim before ended with this record admitted and unanswered: its handler may have ended its consumer',
        );
      }
      return reply.code(201).send({
        claimEpoch: claim.claimEpoch,
        incarnation: claim.incarnation,
        lockedKeys: claim.lockedKeys.map(keyFields),
        complete: claim.complete,
        nullKeyUpTo: claim.nullKeyUpTo,
        seen: claim.seen,
      });
    },
  );
}

/** Claims as soon as the shard has been read up to the end that Kafka tells now. */
async function claimOnceRead(
  { clock, stopping }: AppContext,
  desk: RouteDesk,
  partition: number,
  gone: () => boolean,
  consumer: Omit<ClaimRequest, 'end' | 'committed'>,
): Promise<Claim> {
  const deadline = clock.monotonic() + PATIENCE_MS;
  const [end, committed] = await Promise.all([
    toldByKafka(desk.retryEnd(partition)),
    toldByKafka(desk.committed(partition)),
  ]);
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    // A claim that nobody waits for any more must not end the one that its consumer made since.
    if (gone()) throw notReady('the caller has gone');
    const reply = await desk.gate.claim(partition, { ...consumer, end, committed });
    if (reply.ok) return reply.value;
    if (reply.refused === 'FENCED') {
      throw new OrchestratorError('FENCED', `partition ${partition} has a newer claim than this one`);
    }
    if (reply.refused === 'NOT_READY') throw notReady(`partition ${partition} is being restored`);
    if (clock.monotonic() + delay > deadline) {
      throw notReady(`partition ${partition} has not been read up to offset ${end} yet`);
    }
    await clock.sleep(delay, stopping);
  }
}

async function toldByKafka(answer: Promise<number>): Promise<number> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof OrchestratorError) throw error;
    throw new OrchestratorError('UNAVAILABLE', 'Kafka did not say where its partitions end', {
      cause: error,
      retryAfterMs: 1_000,
    });
  }
}

function notReady(message: string): OrchestratorError {
  return new OrchestratorError('NOT_READY', message, { retryAfterMs: 1_000 });
}

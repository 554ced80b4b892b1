import { expect, test } from '@jest/globals';
import { type ExampleRun, lost } from '../support/example-verdict.ts';
import { runExample } from '../support/example-run.ts';
import { mavenExample } from '../support/maven-example.ts';

/** By configuration alone: Spring's own retries are off, and nobody but the orchestrator reads the dead-letter topic. */
const POINTED_AT_US = {
  SPRING_PROFILES_ACTIVE: 'retryable-topic',
  ORDERS_RETRY_ATTEMPTS: '1',
  ORDERS_RETRY_DEADLETTERHANDLER: 'false',
};

test.each([
  { service: 'a DeadLetterPublishingRecoverer', environment: {}, kill: 'instance' as const },
  { service: '@RetryableTopic', environment: POINTED_AT_US, kill: 'nobody' as const },
])(
  'Spring as it is, with $service: what failed comes again in its order, and nothing is lost',
  async ({ environment, kill }) => {
    const example = { ...(await mavenExample('spring-unchanged')), environment };
    const run = await runExample(example, { kill, retrySuffix: '-dlt', settings: { gate: false } });
    expect(lost(run)).toEqual([]);
    expect(retries(run).length).toBeGreaterThan(0);
    expect(retriedTooEarly(run)).toEqual([]);
    expect(run.ends.filter((end) => end !== 'exit 0')).toEqual([]);
  },
);

/** Nobody tells the service which attempt it is. But it says where it read the record: a retry lies behind all that was sent. */
function retries({ sent, calls }: ExampleRun): ExampleRun['calls'] {
  const origins = new Set(sent.map(({ partition, offset }) => `${partition}@${offset}`));
  return calls.filter(({ partition, offset }) => !origins.has(`${partition}@${offset}`));
}

/** Retries that came while an earlier event of the order had failed, and not succeeded yet. */
function retriedTooEarly(run: ExampleRun): string[] {
  const again = new Set(retries(run));
  const waiting = new Map<string, Set<number>>();
  return run.calls.flatMap((call) => {
    const { order, seq, result } = call;
    const failed = waiting.get(order) ?? new Set();
    waiting.set(order, failed);
    const earlier = [...failed].filter((one) => one < seq);
    if (result === 'failed') failed.add(seq);
    else failed.delete(seq);
    return again.has(call) && earlier.length > 0
      ? [`event ${seq} of ${order} was retried before ${earlier.join()}`]
      : [];
  });
}

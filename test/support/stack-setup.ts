import { startStack } from '../../dev/stack/stack.ts';
import { stackOfThisRun } from './stack-of-this-run.ts';

/** Once a run: one Kafka and one Redis for all tests, handed to them as KAFKA_BROKERS and REDIS_URL. */
export default async function setUpStack(): Promise<void> {
  const stack = await startStack();
  // A second project in the same run finds the addresses and starts nothing.
  process.env['KAFKA_BROKERS'] = stack.kafka.brokers.join(',');
  process.env['REDIS_URL'] = stack.redis.url;
  stackOfThisRun.push(stack);
}

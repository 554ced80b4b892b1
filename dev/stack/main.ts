// `make stack`: Kafka and Redis until Ctrl-C.
import { once } from 'node:events';
import { startStack } from './stack.ts';

const abort = new AbortController();
const interrupted = Promise.race(['SIGINT', 'SIGTERM'].map((name) => once(process, name, abort)));
interrupted.catch(() => undefined);
// Servers do not keep their owner alive, signals do not either.
const alive = setInterval(() => undefined, 60_000);

const stack = await startStack();
process.stdout.write(
  [`export KAFKA_BROKERS=${stack.kafka.brokers.join(',')}`, `export REDIS_URL=${stack.redis.url}`, ''].join(
    '\n',
  ),
);
process.stderr.write('stack: running until Ctrl-C\n');

await interrupted;
abort.abort();
clearInterval(alive);
await stack[Symbol.asyncDispose]();

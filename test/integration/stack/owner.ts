// The process that owner-killed.test.ts kills: starts both servers, says what it owns, and waits.
import { startKafka } from '../../../dev/stack/kafka.ts';
import { startRedis } from '../../../dev/stack/redis.ts';

const [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
const pids = [...kafka.nodes, redis.process].map((server) => server.pid);
process.stdout.write(`${JSON.stringify({ pids, directories: [kafka.directory, redis.directory] })}\n`);
setInterval(() => undefined, 60_000);

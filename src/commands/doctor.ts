import type { Environment } from '../config/read-section.ts';
import type { Config, RouteConfig } from '../config/config.ts';
import { systemClock } from '../clock.ts';
import { KafkaOffsets } from '../kafka/offsets.ts';
import { surplusPartitions, topicProblems, topicsOf } from '../kafka/topic-problems.ts';
import { createLogger } from '../logger.ts';
import { refuseEviction } from '../redis/refuse-eviction.ts';
import { createServers } from '../redis/servers.ts';
import { loadConfigOrReport } from './configured.ts';

const DEADLINE = 10_000;

/** Checks what the service stands on, prints a line for each finding, and answers the exit code: 1 if a promise would break. */
export async function doctor(configPath: string, env: Environment): Promise<number> {
  const config = loadConfigOrReport(configPath, env);
  if (config === undefined) return 2;
  const problems = [...(await redisProblems(config)), ...(await kafkaProblems(config))];
  for (const problem of problems) process.stdout.write(`✗ ${problem}\n`);
  if (problems.length === 0) {
    process.stdout.write(
      `✓ Redis and the topics of ${String(config.routes.length)} route(s) are as they should be\n`,
    );
  }
  return problems.length === 0 ? 0 : 1;
}

async function redisProblems(config: Config): Promise<string[]> {
  const servers = createServers(config.redis, { logger: createLogger('silent'), clock: systemClock });
  try {
    await within(
      servers.start(),
      () => `Redis does not answer${servers.lastError && `: ${servers.lastError}`}`,
    );
    await refuseEviction(servers).start();
    return [];
  } catch (error) {
    return [(error as Error).message];
  } finally {
    await servers.stop();
  }
}

async function kafkaProblems(config: Config): Promise<string[]> {
  const offsets = new KafkaOffsets(config, createLogger('silent'));
  try {
    await within(offsets.start(), () => `Kafka does not answer at ${config.kafka.brokers.join(', ')}`);
    const found = await Promise.all(config.routes.map((route) => routeProblems(route, offsets)));
    return found.flat();
  } catch (error) {
    return [(error as Error).message];
  } finally {
    await offsets.stop();
  }
}

async function routeProblems(route: RouteConfig, offsets: KafkaOffsets): Promise<string[]> {
  const topics = await offsets.topics(topicsOf(route));
  const problems = [...topicProblems(route, topics), ...surplusPartitions(route, topics)];
  return problems.map((problem) => `route ${route.name}: ${problem}`);
}

async function within<Result>(work: Promise<Result>, otherwise: () => string): Promise<Result> {
  const late = AbortSignal.timeout(DEADLINE);
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      late.addEventListener('abort', () => {
        reject(new Error(otherwise()));
      });
    }),
  ]);
}

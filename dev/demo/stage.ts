import { randomBytes } from 'node:crypto';
import { freePort } from '../stack/free-port.ts';
import type { Stack } from '../stack/stack.ts';
import { removeKeys } from './leftovers.ts';
import { Processes } from './processes.ts';
import { Producer } from './produce.ts';
import { ROUTE, serviceConfig } from './service-config.ts';
import { ServiceView } from './service-view.ts';
import { type Names, namesWith, Topics } from './topics.ts';

/** What a killed consumer's partitions wait for. A Kafka that others have configured may refuse the shorter one. */
const SESSION_MS = 3_000;
const USUAL_SESSION_MS = 6_000;

/** Everything that takes part, ready to be started. Gone with all it has left when it is disposed of. */
export interface Stage extends AsyncDisposable {
  readonly brokers: readonly string[];
  readonly names: Names;
  readonly topics: Topics;
  readonly processes: Processes;
  readonly producer: Producer;
  readonly service: ServiceView;
  startService(): Promise<void>;
  startConsumer(name: string): Promise<void>;
}

export async function setStage(stack: Stack, plan: { seed: number; poisonKey: string }): Promise<Stage> {
  const { brokers } = stack.kafka;
  const isOurs = stack.source !== 'environment';
  const prefix = isOurs ? '' : `demo-${randomBytes(4).toString('hex')}.`;
  const names = namesWith(prefix);
  const port = await freePort();
  const service = new ServiceView(`http://127.0.0.1:${port}`);
  const config = serviceConfig({ brokers, redisUrl: stack.redis.url, port, names, prefix });

  const topics = await Topics.connect(brokers, names);
  await topics.create();
  const producer = await Producer.connect(brokers, names.main);
  const processes = await Processes.open();
  return {
    ...{ brokers, names, topics, processes, producer, service },
    startService: () => processes.startService(config, () => service.isReady()),
    startConsumer: (name) =>
      processes.startConsumer({
        ...{ name, brokers, names, route: ROUTE, service: service.base, ...plan },
        sessionTimeoutMs: isOurs ? SESSION_MS : USUAL_SESSION_MS,
      }),
    [Symbol.asyncDispose]: async () => {
      await processes[Symbol.asyncDispose]();
      await producer[Symbol.asyncDispose]();
      if (!isOurs) {
        await topics.delete();
        await removeKeys(stack.redis.url, prefix);
      }
      await topics[Symbol.asyncDispose]();
    },
  };
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka } from '../../../dev/stack/kafka.ts';
import type { ServerProcess } from '../../../dev/stack/server-process.ts';
import { Workspace } from '../../../dev/stack/workspace.ts';
import { brokers, consumers, services } from '../plan/faults.ts';
import type { DeadLetter, Redriven } from '../history.ts';
import { Proxy } from '../proxy.ts';
import { modes, topicsOf } from '../routes.ts';
import { Consumer } from './consumers.ts';
import { deadLetterOf, redrivenOf } from './dead-letters.ts';
import { LosableRedis } from './redis.ts';
import { Service } from './services.ts';
import { TopicFollower } from './topic-follower.ts';
import { Topics } from './topics.ts';

/** Everything that takes part, by the names that the plan of faults uses. Gone when it is disposed of. */
export interface Stage extends AsyncDisposable {
  readonly services: ReadonlyMap<string, Service>;
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly brokers: ReadonlyMap<string, ServerProcess>;
  /** In front of each broker, and of Redis. */
  readonly links: ReadonlyMap<string, Proxy>;
  readonly redis: LosableRedis;
  readonly topics: Topics;
  readonly deadLetters: TopicFollower<DeadLetter>;
  /** The dead letters that came again. */
  readonly redriven: TopicFollower<Redriven>;
  /** What made messages fail for ever is mended. */
  mend(): void;
  /** The brokers past the proxies. */
  readonly inside: readonly string[];
  /** Where the logs are while it lives. */
  readonly directories: readonly string[];
}

interface StageOptions {
  readonly seed: number;
  readonly loadMs: number;
  /** The folder of the service's build. */
  readonly dist: string;
}

/** Starts the servers, and has the processes ready to be started. */
export async function setStage({ seed, loadMs, dist }: StageOptions): Promise<Stage> {
  // In the order in which they go: what came last first.
  const parts: AsyncDisposable[] = [];
  const own = <Part extends AsyncDisposable>(part: Part): Part => {
    parts.unshift(part);
    return part;
  };
  const dispose = async (): Promise<void> => {
    for (const part of parts.splice(0)) await part[Symbol.asyncDispose]();
  };
  try {
    const redis = own(await LosableRedis.start());
    const links = new Map<string, Proxy>();
    for (const name of [...brokers, 'redis']) links.set(name, own(await Proxy.listen()));
    const fronts = brokers.map((name) => links.get(name)!.port);
    const kafka = own(await startKafka({ brokers: brokers.length, fronts }));
    links.get('redis')!.forwardTo(redis.port);
    for (const [i, name] of brokers.entries()) links.get(name)!.forwardTo(portOf(kafka.brokers[i]!));

    const topics = own(await Topics.connect(kafka.inside));
    await topics.create();
    const named = modes.map(topicsOf);
    const letterTopics = named.map((each) => each.deadLetters);
    const deadLetters = own(await TopicFollower.open(kafka.inside, letterTopics, deadLetterOf));
    const retryTopics = named.map(({ retry }) => retry);
    const redriven = own(await TopicFollower.open(kafka.inside, retryTopics, redrivenOf));

    const workspace = own(await Workspace.open());
    const outside = fronts.map((port) => `127.0.0.1:${port}`);
    const redisUrl = `redis://127.0.0.1:${links.get('redis')!.port}/0`;
    const replicas = new Map<string, Service>();
    for (const name of services) {
      replicas.set(name, await Service.prepare(name, workspace, { dist, brokers: outside, redisUrl }));
    }
    const settings = {
      ...{ seed, loadMs, dist, brokers: outside },
      mendedFile: join(workspace.directory, 'mended'),
      services: [...replicas.values()].map(({ url }) => url),
    };
    const instances = new Map(consumers.map((name) => [name, new Consumer(name, workspace, settings)]));
    for (const { member } of [...replicas.values(), ...instances.values()]) own(member);
    return {
      ...{ services: replicas, consumers: instances, links, redis, topics, deadLetters, redriven },
      mend: () => {
        writeFileSync(settings.mendedFile, '');
      },
      brokers: new Map(brokers.map((name, i) => [name, kafka.nodes[i]!])),
      inside: kafka.inside,
      directories: [workspace.directory, kafka.directory, redis.directory],
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}

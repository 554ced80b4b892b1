import type { FaultKind } from '../history.ts';
import { brokers, consumers, type PlannedFault, services } from '../plan/faults.ts';
import type { Consumer } from '../stage/consumers.ts';
import type { Service } from '../stage/services.ts';
import type { Stage } from '../stage/stage.ts';
import { restartEverything } from './rolling-restart.ts';

export interface Scene {
  readonly stage: Stage;
  readonly fault: PlannedFault;
  /** Resolves when the fault has lasted as long as planned. */
  readonly last: () => Promise<unknown>;
}

interface Act {
  /** What no other fault may touch meanwhile. */
  readonly uses: (target: string) => readonly string[];
  /** The processes or connections that a target names: `all` is all of a kind. */
  readonly hits: (target: string) => readonly string[];
  readonly act: (scene: Scene) => Promise<void>;
}

const itself = (target: string) => [target];
const namedOf = (all: readonly string[]) => (target: string) => (target === 'all' ? all : [target]);

function onServices(act: (service: Service, scene: Scene) => Promise<unknown>): Act {
  const hits = namedOf(services);
  return {
    uses: hits,
    hits,
    act: async (scene) => {
      await Promise.all(hits(scene.fault.target).map((name) => act(scene.stage.services.get(name)!, scene)));
    },
  };
}

function onConsumers(act: (consumer: Consumer, scene: Scene) => Promise<unknown>): Act {
  const hits = namedOf(consumers);
  return {
    uses: hits,
    hits,
    act: async (scene) => {
      await Promise.all(hits(scene.fault.target).map((name) => act(scene.stage.consumers.get(name)!, scene)));
    },
  };
}

/** Cuts, silences or slows connections, and lets them pass again. */
function onLinks(all: readonly string[], way: 'cut' | 'silence' | 'slow'): Act {
  const hits = namedOf(all);
  return {
    uses: (target) => hits(target).map((name) => `link to ${name}`),
    hits,
    act: async ({ stage, fault, last }) => {
      const links = hits(fault.target).map((name) => stage.links.get(name)!);
      for (const link of links) link[way](fault.amount);
      await last();
      for (const link of links) {
        if (way === 'slow') link.slow(0);
        else link.open();
      }
    },
  };
}

/** The one server process of Redis: killed, and started again when its files have been dealt with. */
function onRedis(meanwhile: (stage: Stage) => Promise<void>): Act {
  return {
    uses: itself,
    hits: itself,
    act: async ({ stage: { redis }, stage, last }) => {
      await redis.kill();
      await meanwhile(stage);
      await last();
      await redis.start();
    },
  };
}

export const acts: Record<FaultKind, Act> = {
  'service-killed': onServices(async (service, { last }) => {
    await service.member.kill();
    await last();
    service.member.start();
    await service.answers();
  }),
  'service-stopped': onServices(async ({ member }, { last }) => {
    member.signal('SIGSTOP');
    await last();
    member.signal('SIGCONT');
  }),
  'service-terminated': onServices(async (service, { last }) => {
    await service.member.terminate();
    await last();
    service.member.start();
    await service.answers();
  }),
  'consumer-killed': onConsumers(async (consumer, { last }) => {
    await consumer.member.kill();
    await last();
    consumer.member.start();
    await consumer.assigned();
  }),
  'consumer-stopped': onConsumers(async ({ member }, { last }) => {
    member.signal('SIGSTOP');
    await last();
    member.signal('SIGCONT');
  }),
  'consumer-terminated': onConsumers(async (consumer, { last }) => {
    await consumer.member.terminate();
    await last();
    consumer.member.start();
    await consumer.assigned();
  }),
  'redis-flushed': { uses: itself, hits: itself, act: ({ stage: { redis } }) => redis.flush() },
  'redis-killed': onRedis(({ redis }) => redis.lose()),
  'redis-restarted': onRedis(({ redis }) => redis.loseTail()),
  'broker-killed': {
    // One at a time: two of three would stop everything, and that is another fault.
    uses: () => ['brokers'],
    hits: itself,
    act: async ({ stage, fault, last }) => {
      const broker = stage.brokers.get(fault.target)!;
      await broker.kill();
      await last();
      await broker.start();
      await stage.topics.inSync();
    },
  },
  'redis-cut': onLinks(['redis'], 'cut'),
  'redis-silent': onLinks(['redis'], 'silence'),
  'redis-slow': onLinks(['redis'], 'slow'),
  'kafka-cut': onLinks(brokers, 'cut'),
  'kafka-silent': onLinks(brokers, 'silence'),
  'kafka-slow': onLinks(brokers, 'slow'),
  'clock-jumped': onServices(async (service, { fault, last }) => {
    service.setClock(fault.amount);
    await last();
    service.setClock(0);
  }),
  'all-gone': {
    uses: () => [...services, 'redis'],
    hits: itself,
    act: async ({ stage: { services: replicas, redis }, fault, last }) => {
      const all = [...replicas.values()];
      await Promise.all([redis.kill(), ...all.map(({ member }) => member.kill())]);
      if (fault.amount > 0) await redis.lose();
      await last();
      await redis.start();
      for (const { member } of all) member.start();
      await Promise.all(all.map((service) => service.answers()));
    },
  },
  'rolling-restart': {
    uses: () => [...services, ...consumers, 'brokers', 'redis'],
    hits: itself,
    act: ({ stage }) => restartEverything(stage),
  },
};

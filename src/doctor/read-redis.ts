import type { Clock } from '../clock.ts';
import type { RedisServer } from '../redis/server.ts';
import type { RedisServers } from '../redis/servers.ts';
import { wakeChannel } from '../redis/shard-keys.ts';
import type { ClockSeen } from './clock-findings.ts';
import type { RedisSeen } from './redis-findings.ts';

/** Asks every server about itself. */
export function readRedis({ all }: RedisServers): Promise<RedisSeen[]> {
  return Promise.all(all.map(async (server) => readServer(server, subjectOf(server, all))));
}

async function readServer({ connection: { redis } }: RedisServer, subject: string): Promise<RedisSeen> {
  const lines = (await redis.info()).split(/\r?\n/);
  const info = new Map(lines.map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1)]));
  const setting = async (name: string): Promise<string> => {
    const [, value = ''] = await redis.config('GET', name);
    return value;
  };
  try {
    const minReplicas = Number(await setting('min-replicas-to-write'));
    return { subject, info, settings: { save: await setting('save'), minReplicas } };
  } catch {
    return { subject, info, settings: null };
  }
}

const READINGS = 5;

/** How far each server's clock is from ours: the reading with the shortest way there and back. */
export function readClocks({ all }: RedisServers, clock: Clock): Promise<ClockSeen[]> {
  return Promise.all(
    all.map(async (server) => {
      const subject = subjectOf(server, all);
      let best: ClockSeen = { subject, ahead: 0, slack: Infinity };
      for (let i = 0; i < READINGS; i++) {
        const sent = clock.monotonic();
        const [seconds, micros] = await server.connection.redis.time();
        const slack = (clock.monotonic() - sent) / 2;
        const ahead = Number(seconds) * 1_000 + Number(micros) / 1_000 + slack - clock.now();
        if (slack < best.slack) best = { subject, ahead, slack };
      }
      return best;
    }),
  );
}

/** Whether Redis holds anything of the shard. */
export async function holdsShard(
  servers: RedisServers,
  keyPrefix: string,
  route: string,
  partition: number,
): Promise<boolean> {
  const meta = wakeChannel(keyPrefix, route, partition);
  return (await servers.serverOf(meta).connection.redis.exists(meta)) > 0;
}

function subjectOf({ connection: { redis } }: RedisServer, all: readonly RedisServer[]): string {
  if (all.length === 1) return 'Redis';
  const { host, port } = redis.options;
  return `Redis ${host ?? ''}:${String(port ?? '')}`;
}

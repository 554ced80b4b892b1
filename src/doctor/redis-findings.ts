import type { Config } from '../config/config.ts';
import type { Finding } from './finding.ts';
import { shownSize } from './shown.ts';

/** One Redis server as it is: INFO, by field. */
export interface RedisSeen {
  /** `Redis`, or with its address in a Cluster. */
  readonly subject: string;
  readonly info: ReadonlyMap<string, string>;
  /** CONFIG GET of these; null: the server does not tell (managed ones often do not). */
  readonly settings: { readonly save: string; readonly minReplicas: number } | null;
}

export function redisFindings({ routes }: Pick<Config, 'routes'>, servers: readonly RedisSeen[]): Finding[] {
  return [...servers.flatMap((server) => ofServer(server)), ...roomFindings(routes, servers)];
}

function ofServer({ subject, info, settings }: RedisSeen): Finding[] {
  const findings: Finding[] = [];
  const add = (finding: Omit<Finding, 'subject'>): unknown => findings.push({ ...finding, subject });
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy !== 'noeviction') {
    add({
      severity: 'error',
      code: 'redis-evicts',
      what: `throws keys away when memory is short (maxmemory-policy ${policy})`,
      cost: 'locks are lost silently: order breaks, messages wait for ever. The service does not start on it',
      remedy: 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf',
    });
  }
  const version = info.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) {
    add({
      severity: 'error',
      code: 'redis-version',
      what: `is version ${version === '' ? 'unknown' : version}`,
      cost: 'scripts of the service need 6.2 or newer',
      remedy: 'use Redis 6.2 or newer; it is tested on 7.0',
    });
  }
  if (bytes(info, 'maxmemory') === 0) {
    add({
      severity: 'warning',
      code: 'redis-unlimited',
      what: 'has no memory limit (maxmemory 0)',
      cost: 'when many messages wait it grows until the kernel kills it, and all shards are rebuilt',
      remedy: 'CONFIG SET maxmemory to what the machine can give, and the same in redis.conf',
    });
  }
  const replicas = Number(info.get('connected_slaves') ?? 0);
  if (replicas > 0 && settings?.minReplicas === 0) {
    add({
      severity: 'warning',
      code: 'redis-min-replicas',
      what: `has ${String(replicas)} replica${replicas === 1 ? '' : 's'}, and goes on writing without them (min-replicas-to-write 0)`,
      cost: 'a primary that is cut off from the rest goes on by itself, beside the one that was promoted',
      remedy: 'CONFIG SET min-replicas-to-write 1, and the same in redis.conf',
    });
  }
  const persistence = persistenceNote(info, settings);
  if (persistence !== null) add({ severity: 'note', code: 'redis-persistence', remedy: '', ...persistence });
  return findings;
}

/** A restart counts as a loss of data in any case (another run id), so what is on disk is worth little here. */
function persistenceNote(
  info: ReadonlyMap<string, string>,
  settings: RedisSeen['settings'],
): Pick<Finding, 'what' | 'cost'> | null {
  if (info.get('aof_enabled') === '1') {
    return {
      what: 'writes an append-only file',
      cost: 'about a fifth of its throughput; shards are rebuilt from Kafka after a restart all the same',
    };
  }
  if (settings !== null && settings.save !== '') {
    return {
      what: `writes snapshots (save ${settings.save})`,
      cost: 'while it forks, up to twice its memory; shards are rebuilt from Kafka after a restart all the same',
    };
  }
  return null;
}

/** Redis should have this much room left for more than what it holds now. */
const NEARLY_FULL = 0.8;

function roomFindings(routes: Config['routes'], servers: readonly RedisSeen[]): Finding[] {
  const limited = servers.filter(({ info }) => bytes(info, 'maxmemory') > 0);
  const findings = limited.flatMap(({ subject, info }): Finding[] => {
    const [used, limit] = [bytes(info, 'used_memory'), bytes(info, 'maxmemory')];
    if (used < NEARLY_FULL * limit) return [];
    return [
      {
        severity: 'warning',
        code: 'redis-nearly-full',
        subject,
        what: `uses ${shownSize(used)} of ${shownSize(limit)} (maxmemory)`,
        cost: 'when it is full every change fails: nothing is read, redelivered or answered',
        remedy:
          'CONFIG SET maxmemory to more, or find out which locks hold so much: GET /v1/routes/{route}/locks?sort=held',
      },
    ];
  });
  if (servers.length === 0 || limited.length < servers.length) return findings;
  const room = limited.reduce(
    (sum, { info }) => sum + bytes(info, 'maxmemory') - bytes(info, 'used_memory'),
    0,
  );
  const wanted = routes.reduce((sum, { limits }) => sum + limits.heldBytes, 0);
  if (wanted > room) {
    findings.push({
      severity: 'warning',
      code: 'redis-room',
      subject: limited.length === 1 ? (limited[0]?.subject ?? 'Redis') : 'Redis',
      what: `has ${shownSize(room)} left, and limits.heldBytes of the routes come to ${shownSize(wanted)}`,
      cost: 'Redis is full before a limit is reached',
      remedy: 'CONFIG SET maxmemory to more, or lower limits.heldBytes of the routes',
    });
  }
  return findings;
}

function bytes(info: ReadonlyMap<string, string>, field: string): number {
  return Number(info.get(field) ?? 0);
}

import type { Config } from './config.ts';
import { asMap, type Reading } from './read-section.ts';
import type { ValuesOf } from './schema.ts';
import type { redisSettings } from './settings/redis.ts';

/** What says where Redis is. One of them is there. */
const MODES = ['url', 'sentinels', 'cluster'] as const;

type Mode = (typeof MODES)[number];
type RedisSetting = keyof typeof redisSettings;

/** Settings that mean something in these modes only. */
const BELONGS_TO: Partial<Record<RedisSetting, readonly Mode[]>> = {
  sentinelName: ['sentinels'],
  sentinelPassword: ['sentinels'],
  username: ['sentinels', 'cluster'],
  password: ['sentinels', 'cluster'],
  tls: ['sentinels', 'cluster'],
};

/**
 * Decides how Redis is found. Like `readSection`: only to be used when no problem was reported.
 *
 * Passwords of the environment are left alone where they mean nothing: they are often there to make REDIS_URL of.
 */
export function readRedis(
  values: ValuesOf<typeof redisSettings>,
  written: unknown,
  reading: Reading,
): Config['redis'] {
  const file = asMap(written) ?? {};
  const isWritten = (name: string): boolean => file[name] !== undefined && file[name] !== null;
  const urlName = reading.env['REDIS_URL'] ? 'REDIS_URL (for redis.url)' : 'redis.url';
  const modes = MODES.filter((mode) => isWritten(mode) || (mode === 'url' && reading.env['REDIS_URL']));
  const names = modes.map((mode) => (mode === 'url' ? urlName : `redis.${mode}`));
  if (names.length > 1) {
    reading.problem(names[0] ?? urlName, `is set beside ${names.slice(1).join(' and ')}; keep one of them`);
  }
  const mode = modes[0] ?? 'url';
  if (modes.length < 2) refuseStrangers(mode, isWritten, reading);

  const { keyPrefix, memory, url, sentinels, sentinelName, sentinelPassword, cluster } = values;
  if (memory.stopAt < memory.leaveOutAt) {
    reading.problem('redis.memory.stopAt', 'is less than leaveOutAt; make it at least as much');
  }
  const { username, password, tls } = values;
  const access = { username, password, tls };
  if (mode === 'sentinels') {
    if (!isWritten('sentinelName')) {
      reading.problem('redis.sentinelName', 'is required with redis.sentinels: what they call the primary');
    }
    return {
      kind: 'sentinels',
      sentinels: sentinels ?? [],
      name: sentinelName ?? '',
      sentinelPassword,
      access,
      keyPrefix,
      memory,
    };
  }
  if (mode === 'cluster') return { kind: 'cluster', seeds: cluster ?? [], access, keyPrefix, memory };
  return { kind: 'url', url, keyPrefix, memory };
}

function refuseStrangers(mode: Mode, isWritten: (name: string) => boolean, reading: Reading): void {
  for (const [name, modes] of Object.entries(BELONGS_TO)) {
    if (!isWritten(name) || modes.includes(mode)) continue;
    const remedy =
      mode === 'url' && !name.startsWith('sentinel')
        ? 'without them, write it into redis.url, as rediss://user:password@host'
        : 'remove it';
    reading.problem(
      `redis.${name}`,
      `belongs to ${modes.map((each) => `redis.${each}`).join(' and ')}; ${remedy}`,
    );
  }
}

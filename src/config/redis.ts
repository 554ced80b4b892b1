import type { Config } from './config.ts';
import { asMap, type Reading } from './read-section.ts';
import type { ValuesOf } from './schema.ts';
import { besideUrl, redisAccess, urlIsTls } from './redis-access.ts';
import { namedSetting, readSecret } from './secret.ts';
import type { redisSettings } from './settings/redis.ts';

/** What says where Redis is. One of them is there. */
const MODES = ['url', 'sentinels', 'cluster'] as const;

/** Settings that mean something with Sentinels only. */
const OF_SENTINELS = ['sentinelName', 'sentinelPassword', 'sentinelPasswordFile'] as const;

/**
 * Decides how Redis is found. Like `readSection`: only to be used when no problem was reported.
 *
 * The Sentinels' password of the environment is left alone where there are none: it means nothing then.
 */
export function readRedis(
  values: ValuesOf<typeof redisSettings>,
  written: unknown,
  reading: Reading,
): Config['redis'] {
  const file = asMap(written) ?? {};
  const isWritten = (name: string): boolean => file[name] !== undefined && file[name] !== null;
  const urlName = namedSetting('redis.url', 'REDIS_URL', reading);
  const modes = MODES.filter((mode) => isWritten(mode) || (mode === 'url' && reading.env['REDIS_URL']));
  const names = modes.map((mode) => (mode === 'url' ? urlName : `redis.${mode}`));
  if (names.length > 1) {
    reading.problem(names[0] ?? urlName, `is set beside ${names.slice(1).join(' and ')}; keep one of them`);
  }
  const mode = modes[0] ?? 'url';
  if (mode !== 'sentinels' && modes.length < 2) {
    for (const name of OF_SENTINELS) {
      if (isWritten(name)) reading.problem(`redis.${name}`, 'belongs to redis.sentinels; remove it');
    }
  }

  const { keyPrefix, memory, url, sentinels, sentinelName, cluster } = values;
  if (memory.stopAt < memory.leaveOutAt) {
    reading.problem('redis.memory.stopAt', 'is less than leaveOutAt; make it at least as much');
  }
  const common = { keyPrefix, memory };
  if (mode === 'url') {
    const access = redisAccess(values, urlIsTls(url), reading);
    return { kind: 'url', ...besideUrl(url, access, { urlName, values }, reading), ...common };
  }
  const access = redisAccess(values, false, reading);
  if (mode === 'cluster') return { kind: 'cluster', seeds: cluster ?? [], access, ...common };
  if (!isWritten('sentinelName')) {
    reading.problem('redis.sentinelName', 'is required with redis.sentinels: what they call the primary');
  }
  const sentinelPassword = readSecret(
    {
      path: 'redis.sentinelPassword',
      env: 'REDIS_SENTINEL_PASSWORD',
      value: values.sentinelPassword,
      file: values.sentinelPasswordFile,
    },
    reading,
  );
  return {
    ...{ kind: 'sentinels', sentinels: sentinels ?? [], name: sentinelName ?? '' },
    ...{ sentinelPassword, access, ...common },
  };
}

import type { RedisAccess } from './config.ts';
import { readPems, tlsNames } from './pem-files.ts';
import type { Reading } from './read-section.ts';
import type { ValuesOf } from './schema.ts';
import { namedSetting, readSecret } from './secret.ts';
import type { redisSettings } from './settings/redis.ts';

type Values = ValuesOf<typeof redisSettings>;

/** `overTls`: the URL says so. */
export function redisAccess(values: Values, overTls: boolean, reading: Reading): RedisAccess {
  const { username, tls } = values;
  const password = readSecret(
    { path: 'redis.password', env: 'REDIS_PASSWORD', value: values.password, file: values.passwordFile },
    reading,
  );
  const names = tlsNames('redis.tls', 'REDIS_TLS', reading);
  const pems = readPems(tls, names, reading);
  if (overTls || tls.enabled === true) {
    return { username, password, tls: { ...pems, serverName: tls.serverName } };
  }
  const serverName = namedSetting('redis.tls.serverName', 'REDIS_TLS_SERVER_NAME', reading);
  for (const [setting, name] of Object.entries({ ...names, serverName })) {
    if (!tls[setting as keyof typeof tls]) continue;
    reading.problem(
      name,
      'means nothing without TLS: redis.tls.enabled: true, or a URL that begins with rediss://',
    );
  }
  return { username, password, tls: null };
}

export function urlIsTls(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'rediss:';
}

/**
 * A URL, and what counts beside it. A password that is in both is often what the URL was made of, and is no contradiction.
 */
export function besideUrl(
  url: string,
  access: RedisAccess,
  { urlName, values }: { readonly urlName: string; readonly values: Values },
  reading: Reading,
): { readonly url: string; readonly access?: RedisAccess } {
  if (!URL.canParse(url)) return { url };
  const parsed = new URL(url);
  const { protocol } = parsed;
  const enabled = values.tls.enabled as boolean | null | undefined;
  if (typeof enabled === 'boolean' && enabled !== (protocol === 'rediss:')) {
    reading.problem(
      'redis.tls.enabled',
      `is ${String(enabled)}, and ${urlName} begins with ${protocol}//; change one of them`,
    );
  }
  const { username, password, tls } = access;
  if (username === null && password === null && tls === null) return { url };
  const both = {
    username: agreed('username', parsed, access, { urlName, values }, reading),
    password: agreed('password', parsed, access, { urlName, values }, reading),
  };
  // The client would take an empty part of the URL for what was meant.
  parsed.username = '';
  parsed.password = '';
  return { url: parsed.href, access: { ...both, tls } };
}

function agreed(
  part: 'username' | 'password',
  url: URL,
  access: RedisAccess,
  { urlName, values }: { readonly urlName: string; readonly values: Values },
  reading: Reading,
): string | null {
  const [inUrl, own] = [url[part], access[part]];
  if (inUrl === '') return own;
  if (own !== null && own !== inUrl && own !== decoded(inUrl)) {
    const isFile = part === 'password' && values.passwordFile !== null;
    const [path, env] = [`redis.${part}`, `REDIS_${part.toUpperCase()}`];
    const name = isFile
      ? namedSetting(`${path}File`, `${env}_FILE`, reading)
      : namedSetting(path, env, reading);
    reading.problem(name, `is another one than in ${urlName}; keep one of them`);
  }
  return decoded(inUrl);
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

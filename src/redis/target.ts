import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { RedisAccess, RedisConfig, RedisTls } from '../config/config.ts';
import type { Address } from '../config/formats.ts';

export type SentinelTarget = Omit<Extract<RedisConfig, { kind: 'sentinels' }>, 'keyPrefix'>;

/** What one connection is made to. Behind Sentinels it is another server after each failover. */
export type RedisTarget =
  | { readonly kind: 'url'; readonly url: string; readonly access?: RedisAccess }
  | SentinelTarget
  | { readonly kind: 'node'; readonly address: Address; readonly access: RedisAccess };

/** How long to wait before the `times`-th try to reach the server, ms. */
export function retryDelay(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 5), 1_000);
}

/** The client, with what it takes to find the server and to be let in. It connects when told to. */
export function clientOf(target: RedisTarget, settings: RedisOptions): Redis {
  const options = {
    ...settings,
    protocol: 2,
    replyMapping: 'legacy',
    // A server that hangs does not end the connection: it is cut off then.
    disconnectTimeout: 500,
  } as const;
  switch (target.kind) {
    case 'url':
      return new Redis(target.url, { ...(target.access && accessOptions(target.access)), ...options });
    case 'node':
      return new Redis({ ...accessOptions(target.access), ...target.address, ...options });
    case 'sentinels':
      return new Redis({ ...accessOptions(target.access), ...sentinelOptions(target), ...options });
  }
}

function accessOptions({ username, password, tls }: RedisAccess): RedisOptions {
  return {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls === null ? {} : { tls: tlsOptions(tls) }),
  };
}

export function tlsOptions({ ca, cert, key, serverName }: RedisTls): ConnectionOptions {
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(serverName === null ? {} : { servername: serverName }),
  };
}

function sentinelOptions({ sentinels, name, sentinelPassword, access }: SentinelTarget): RedisOptions {
  return {
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name,
    // A server that says it is a replica is left again: the Sentinels may be behind.
    role: 'master',
    sentinelRetryStrategy: retryDelay,
    sentinelCommandTimeout: 5_000,
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...(access.tls === null ? {} : { sentinelTLS: tlsOptions(access.tls), enableTLSForSentinelMode: true }),
  };
}

import type { Authority } from './authority.ts';
import { freePort } from './free-port.ts';
import { startRedis } from './redis.ts';
import type { RedisServer } from './redis.ts';

export interface SecureRedis extends RedisServer {
  /** With TLS; without a user. `url` is that in plain text, where tests may do everything. */
  readonly secureUrl: string;
}

/** A Redis with TLS, and users beside `default`: the words of their ACLs by name. */
export async function startSecureRedis(
  authority: Authority,
  users: Readonly<Record<string, readonly string[]>>,
  /** Of its certificate, from now on; negative: it has expired. */
  days?: number,
): Promise<SecureRedis> {
  const port = await freePort();
  const names = ['DNS:localhost', 'IP:127.0.0.1'];
  const { certFile, keyFile } = await authority.issue(`redis-${String(port)}`, {
    names,
    ...(days === undefined ? {} : { days }),
  });
  const tls = ['--tls-port', String(port), '--tls-cert-file', certFile, '--tls-key-file', keyFile];
  const clients = ['--tls-ca-cert-file', authority.caFile, '--tls-auth-clients', 'optional'];
  const rules = Object.entries(users).flatMap(([name, words]) => ['--user', name, ...words]);
  const redis = await startRedis({ args: [...tls, ...clients, ...rules] });
  return { ...redis, secureUrl: `rediss://127.0.0.1:${String(port)}/0` };
}

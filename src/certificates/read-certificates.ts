import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { Config, RedisConfig } from '../config/config.ts';
import { tlsOptions } from '../redis/target.ts';
import type { Broker } from '../kafka/bootstrap.ts';
import type { Read } from '../kafka/cluster-view.ts';

const TIMEOUT = 5_000;

/** A certificate, and when it expires (epoch ms). */
export interface CertificateSeen {
  /** Whose it is: `broker kafka-1:9093`. */
  readonly subject: string;
  readonly expires: Read<number>;
}

/** Those that servers show, and the client's own. `tls`: how brokers are talked to; undefined: in plain text. */
export async function readCertificates(
  { kafka, redis }: Pick<Config, 'kafka' | 'redis'>,
  brokers: readonly Broker[],
  tls: ConnectionOptions | undefined,
  signal?: AbortSignal,
): Promise<CertificateSeen[]> {
  const servers = [
    ...(tls === undefined ? [] : brokers.map((at) => ({ subject: `broker ${nameOf(at)}`, at, tls }))),
    ...redisOverTls(redis).map((at) => ({ subject: `Redis ${nameOf(at)}`, at, tls: ofRedis(redis) })),
  ];
  const shown = await Promise.all(
    servers.map(async (server) => ({
      subject: server.subject,
      expires: await shownBy(server.at, server.tls, signal),
    })),
  );
  return [...shown, ...ownCertificates(kafka.librdkafka)];
}

function redisOverTls(redis: RedisConfig): Broker[] {
  switch (redis.kind) {
    case 'url': {
      const { protocol, hostname, port } = new URL(redis.url);
      return protocol === 'rediss:' ? [{ host: hostname, port: Number(port || 6379) }] : [];
    }
    case 'sentinels':
      return redis.access.tls ? [...redis.sentinels] : [];
    case 'cluster':
      return redis.access.tls ? [...redis.seeds] : [];
  }
}

function ofRedis(redis: RedisConfig): ConnectionOptions {
  const tls = redis.access?.tls ?? null;
  return tls === null ? {} : tlsOptions(tls);
}

/** Whatever it shows is looked at: that it is not trusted is told by those who connect to work with it. */
function shownBy(
  { host, port }: Broker,
  tls: ConnectionOptions,
  signal: AbortSignal | undefined,
): Promise<Read<number>> {
  return new Promise((resolve) => {
    const socket = connect({
      ...tls,
      host,
      port,
      // What is by no name can't be asked for by name.
      servername: tls.servername ?? (isIP(host) === 0 ? host : ''),
      rejectUnauthorized: false,
      timeout: TIMEOUT,
    });
    const settle = (result: Read<number>): void => {
      signal?.removeEventListener('abort', stop);
      socket.destroy();
      resolve(result);
    };
    const stop = (): void => {
      settle({ kind: 'unreadable', why: 'stopped' });
    };
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    socket.once('secureConnect', () => {
      const { valid_to: validTo } = socket.getPeerCertificate() as { valid_to?: string };
      settle(
        validTo === undefined
          ? { kind: 'unreadable', why: 'the server shows none' }
          : { kind: 'read', value: Date.parse(validTo) },
      );
    });
    socket.once('timeout', () => {
      settle({ kind: 'unreadable', why: 'the server does not answer' });
    });
    socket.once('error', ({ message }: Error) => {
      settle({ kind: 'unreadable', why: message });
    });
  });
}

function ownCertificates(settings: Config['kafka']['librdkafka']): CertificateSeen[] {
  const path = settings['ssl.certificate.location'];
  const pem = settings['ssl.certificate.pem'];
  const keystore = settings['ssl.keystore.location'];
  if (path !== undefined) {
    return [
      { subject: `client certificate ${String(path)}`, expires: expiryOf(() => readFileSync(String(path))) },
    ];
  }
  if (pem !== undefined) {
    return [
      {
        subject: 'client certificate ssl.certificate.pem',
        expires: expiryOf(() => Buffer.from(String(pem))),
      },
    ];
  }
  if (keystore === undefined) return [];
  const expires = { kind: 'unreadable', why: 'it is in a PKCS#12 file' } as const;
  return [{ subject: `client certificate ${String(keystore)}`, expires }];
}

function expiryOf(read: () => Buffer): Read<number> {
  try {
    return { kind: 'read', value: Date.parse(new X509Certificate(read()).validTo) };
  } catch (error) {
    return { kind: 'unreadable', why: (error as Error).message };
  }
}

function nameOf({ host, port }: Broker): string {
  return `${host}:${String(port)}`;
}

import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { CertificateWatch } from '../../../src/certificates/certificate-watch.ts';
import type { Config } from '../../../src/config/config.ts';
import { readCertificates } from '../../../src/certificates/read-certificates.ts';
import type { CertificateSeen } from '../../../src/certificates/read-certificates.ts';
import { createLogger } from '../../../src/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';

test('the time that is left runs down; what can not be read keeps its date, what is not there any more is gone', async () => {
  const clock = new FakeClock();
  const until = (subject: string, ms: number): CertificateSeen => ({
    subject,
    expires: { kind: 'read', value: clock.now() + ms },
  });
  let seen: readonly CertificateSeen[] | null = [until('a', 7_200_000), until('b', 100_000)];
  const watch = new CertificateWatch({
    read: () => (seen === null ? Promise.reject(new Error('away')) : Promise.resolve(seen)),
    logger: createLogger('silent'),
    clock,
  });
  const left = (): unknown => Object.fromEntries(watch.secondsLeft);
  await watch.start();
  await clock.advance(1_000);
  expect(left()).toEqual({ a: 7_199, b: 99 });
  seen = [{ subject: 'a', expires: { kind: 'unreadable', why: 'away' } }];
  await clock.advance(3_600_000);
  expect(left()).toEqual({ a: 3_599 });
  seen = null;
  await clock.advance(3_600_000);
  expect(left()).toEqual({ a: -1 });
  seen = [until('c', 1_000)];
  await clock.advance(15_000);
  expect(Object.keys(left() as object)).toEqual(['c']);
  await watch.stop();
  expect(clock.timers).toBe(0);
});

test('a server that says nothing is not waited for at the end', async () => {
  const clock = new FakeClock();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const kafka = { librdkafka: {} } as Config['kafka'];
  const redis = { kind: 'url', url: `rediss://127.0.0.1:${port}`, keyPrefix: '' } as Config['redis'];
  let given: readonly CertificateSeen[] = [];
  const watch = new CertificateWatch({
    read: async (signal) => (given = await readCertificates({ kafka, redis }, [], undefined, signal)),
    logger: createLogger('silent'),
    clock,
  });
  await watch.start();
  const [socket] = await connected;
  await watch.stop();
  expect(given.map(({ expires }) => expires)).toEqual([{ kind: 'unreadable', why: 'stopped' }]);
  socket.destroy();
  server.close();
});

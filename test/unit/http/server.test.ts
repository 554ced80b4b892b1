import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { HttpServer } from '../../../src/http/server.ts';
import { createLogger } from '../../../src/logger.ts';
import { Api, TestDesk } from '../../support/api.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function serverOf({ desk = new TestDesk({}), clock = new FakeClock(), port = 0 } = {}): HttpServer {
  const { app } = new Api([desk], clock);
  return new HttpServer({ app, http: { host: '127.0.0.1', port }, logger: createLogger('silent'), clock });
}

test('answers from start to stop, and stops twice or unstarted without complaint', async () => {
  const server = serverOf();
  await server.start();
  const url = `http://127.0.0.1:${server.port}/livez`;
  expect((await fetch(url)).status).toBe(200);
  await Promise.all([server.stop(), server.stop()]);
  await expect(fetch(url)).rejects.toThrow('fetch failed');

  await serverOf().stop();
});

test('does not start where the port is taken', async () => {
  const first = serverOf();
  await first.start();
  const second = serverOf({ port: first.port });
  await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await second.stop();
  await first.stop();
});

test('a stop waits for what is asked already, but not for ever', async () => {
  const clock = new FakeClock();
  const desk = new TestDesk({});
  const kafka = new EventEmitter();
  const asked = once(kafka, 'asked');
  desk.end = () => {
    kafka.emit('asked');
    return new Promise(() => undefined);
  };
  const server = serverOf({ desk, clock });
  await server.start();
  const claim = fetch(`http://127.0.0.1:${server.port}/v1/routes/orders/partitions/0/claims`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"consumerId":"c"}',
  });
  const failed = expect(claim).rejects.toThrow('fetch failed');
  await asked;
  const stopped = server.stop();
  await clock.advance(5_000);
  await stopped;
  await failed;
  expect(clock.timers).toBe(0);
});

test.each([
  ['this is no HTTP\r\n\r\n', '400 Bad Request', 'INVALID'],
  [`GET / HTTP/1.1\r\nLong: ${'x'.repeat(20_000)}\r\n\r\n`, '413 Payload Too Large', 'TOO_LARGE'],
])('what is no HTTP is answered in the common form too', async (sent, status, code) => {
  const server = serverOf();
  await server.start();
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(sent);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status}`);
  expect(JSON.parse(body)).toMatchObject({ code, retryable: false });
  await server.stop();
});

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Proxy } from '../../faults/proxy.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Gives back what it is sent, and remembers it. */
async function echoServer() {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      received.push(String(data));
      socket.write(data);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await once(server.close(), 'close');
  };
  return { port: (server.address() as AddressInfo).port, received, close };
}

let clock: FakeClock;
let echo: Awaited<ReturnType<typeof echoServer>>;
let proxy: Proxy;
const clients: Socket[] = [];

beforeEach(async () => {
  clock = new FakeClock();
  echo = await echoServer();
  proxy = await Proxy.listen(clock);
  proxy.forwardTo(echo.port);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy[Symbol.asyncDispose]();
  await echo.close();
});

async function client(port = proxy.port): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  clients.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function answer(socket: Socket, text: string): Promise<string> {
  const data = once(socket, 'data');
  socket.write(text);
  return String((await data)[0]);
}

/** Long enough for anything that could pass to have passed: the way past the proxy has been gone twice. */
async function meanwhile(): Promise<void> {
  const past = await client(echo.port);
  for (const text of ['once', 'twice']) await answer(past, text);
}

describe('a proxy between client and server', () => {
  it('lets both ways pass', async () => {
    const socket = await client();
    expect(await answer(socket, 'hello')).toBe('hello');
    expect(await answer(socket, 'again')).toBe('again');
  });

  it('passes on that one side has ended', async () => {
    const socket = await client();
    await answer(socket, 'hello');
    const closed = endOf(socket);
    socket.end();
    expect(await closed).toBe('in peace');
  });

  it('resets what is connected when it is cut, and whoever connects', async () => {
    const socket = await client();
    await answer(socket, 'hello');
    const closed = endOf(socket);
    proxy.cut();
    expect(await closed).toBe('by an error');
    expect(proxy.connections).toBe(0);

    const late = connect(proxy.port, '127.0.0.1');
    clients.push(late);
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  it('takes connections again after a cut', async () => {
    proxy.cut();
    proxy.open();
    expect(await answer(await client(), 'hello')).toBe('hello');
  });

  it('resets what is connected, and goes on taking connections', async () => {
    const socket = await client();
    await answer(socket, 'hello');
    const closed = endOf(socket);
    proxy.reset();
    expect(await closed).toBe('by an error');
    expect(await answer(await client(), 'hello')).toBe('hello');
  });

  it('lets nothing pass while it is silent, and all of it afterwards', async () => {
    const socket = await client();
    await answer(socket, 'before');
    proxy.silence();
    socket.write('into the hole');
    await meanwhile();
    expect(echo.received).not.toContain('into the hole');

    const data = once(socket, 'data');
    proxy.open();
    expect(String((await data)[0])).toBe('into the hole');
  });

  it('accepts who connects while it is silent, and lets them hang', async () => {
    proxy.silence();
    const socket = await client();
    socket.write('anybody?');
    await meanwhile();
    expect(echo.received).not.toContain('anybody?');

    const data = once(socket, 'data');
    proxy.open();
    expect(String((await data)[0])).toBe('anybody?');
  });

  it('is late in both directions when it is slow, and keeps the order', async () => {
    const socket = await client();
    await answer(socket, 'before');
    proxy.slow(100);
    const data = once(socket, 'data');
    socket.write('a');
    await timers(1);
    expect(echo.received).not.toContain('a');
    await clock.advance(99);
    expect(echo.received).not.toContain('a');
    await clock.advance(1);
    await timers(1);
    await clock.advance(100);
    expect(String((await data)[0])).toBe('a');
  });

  it('resets a client whose server does not listen', async () => {
    const free = await echoServer();
    await free.close();
    proxy.forwardTo(free.port);
    const socket = connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    await once(socket, 'error');
  });
});

/** `once` would reject by the error that comes before. */
function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('close', (byError) => {
      resolve(byError ? 'by an error' : 'in peace');
    });
  });
}

/** Until the proxy has read something and waits with it. */
async function timers(count: number): Promise<void> {
  while (clock.timers < count) await new Promise((resolve) => setImmediate(resolve));
}

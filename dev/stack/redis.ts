import { connect } from 'node:net';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import { Workspace } from './workspace.ts';

export interface RedisOptions {
  /** Keep what was written over a kill and a restart. */
  readonly appendOnly?: boolean;
  /** More command line, for example `['--maxmemory', '64mb']`. */
  readonly args?: readonly string[];
}

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly process: ServerProcess;
  readonly directory: string;
}

/** A Redis of one's own, on this machine, for tests that kill, stop or fill it. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const workspace = await Workspace.open();
  try {
    const port = await freePort();
    const process = redisProcess(workspace, port, [
      '--appendonly',
      options.appendOnly ? 'yes' : 'no',
      ...(options.args ?? []),
    ]);
    await process.start();
    return {
      url: `redis://127.0.0.1:${port}/0`,
      port,
      process,
      directory: workspace.directory,
      [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
    };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}

/** One of perhaps several in a workspace; each keeps its files under its own port. */
export function redisProcess(workspace: Workspace, port: number, args: readonly string[]): ServerProcess {
  return new ServerProcess(workspace, {
    name: `redis-${port}`,
    command: 'redis-server',
    args: [
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', workspace.directory],
      // No snapshots: a fork in the middle of a measurement is noise.
      ...['--save', '', '--dbfilename', `dump-${port}.rdb`],
      ...['--maxmemory-policy', 'noeviction'],
      ...args,
    ],
    isReady: () => answersPing(port),
    timeoutMs: 10_000,
  });
}

/** False also while an append-only file is being loaded: Redis then answers PING with -LOADING. */
async function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('error', () => {
      settle(false);
    });
    socket.once('close', () => {
      settle(false);
    });
    socket.once('data', (data) => {
      // One that wants a password answers as well.
      settle(/^(\+PONG|-NOAUTH)/.test(data.toString()));
    });
    socket.write('PING\r\n');
  });
}

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-port.ts';
import { redisProcess } from './redis.ts';
import { ServerProcess } from './server-process.ts';
import { Workspace } from './workspace.ts';

const run = promisify(execFile);

export interface RedisNode {
  readonly address: string;
  readonly process: ServerProcess;
}

export interface SentinelSet extends AsyncDisposable {
  /** `host:port` of the Sentinel. */
  readonly sentinel: string;
  /** What it calls the primary. */
  readonly name: string;
  /** The primary at the beginning. */
  readonly primary: RedisNode;
  readonly replica: RedisNode;
}

/** A primary, its replica, and one Sentinel that replaces the one by the other after half a second of silence. */
export async function startSentinelSet(): Promise<SentinelSet> {
  const workspace = await Workspace.open();
  try {
    const [primaryPort, replicaPort, port] = (await freePorts(3)) as [number, number, number];
    const node = (at: number, ...args: string[]): RedisNode => ({
      address: `127.0.0.1:${at}`,
      // By default a primary waits five seconds for more replicas before it sends them its data.
      process: redisProcess(workspace, at, ['--repl-diskless-sync-delay', '0', ...args]),
    });
    const primary = node(primaryPort);
    const replica = node(replicaPort, '--replicaof', '127.0.0.1', String(primaryPort));
    await primary.process.start();
    await replica.process.start();

    const name = 'box';
    const file = join(workspace.directory, 'sentinel.conf');
    const settings = [
      `port ${port}`,
      'bind 127.0.0.1',
      `sentinel monitor ${name} 127.0.0.1 ${primaryPort} 1`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 5000`,
    ];
    await writeFile(file, `${settings.join('\n')}\n`);
    const sentinel = new ServerProcess(workspace, {
      name: 'sentinel',
      command: 'redis-server',
      args: [file, '--sentinel'],
      // It asks the primary for replicas every ten seconds: this one has to be there the first time.
      isReady: (log) => log.includes('+slave'),
      timeoutMs: 20_000,
    });
    await sentinel.start();
    // It looks at a replica every ten seconds, promotes none that it has not looked at since it became one, and waits for
    // eight seconds before it makes a replica of a primary that has come back.
    await run('redis-cli', [
      ...['-p', String(port), 'SENTINEL', 'DEBUG'],
      ...['INFO-PERIOD', '100', 'PUBLISH-PERIOD', '100'],
    ]);
    return {
      sentinel: `127.0.0.1:${port}`,
      name,
      primary,
      replica,
      [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
    };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}

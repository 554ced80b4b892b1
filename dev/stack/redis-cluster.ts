import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from './free-port.ts';
import { redisProcess } from './redis.ts';
import type { ServerProcess } from './server-process.ts';
import { Workspace } from './workspace.ts';

const run = promisify(execFile);
/** The least that Redis makes a cluster of. */
const PRIMARIES = 3;

export interface ClusterNode {
  /** `host:port` */
  readonly address: string;
  readonly port: number;
  readonly process: ServerProcess;
}

export interface RedisClusterServers extends AsyncDisposable {
  /** Three primaries, then a replica of each. */
  readonly nodes: readonly ClusterNode[];
}

/** A Redis Cluster that replaces a primary after a second of silence. */
export async function startRedisCluster(): Promise<RedisClusterServers> {
  const workspace = await Workspace.open();
  try {
    const ports = await freePorts(2 * 2 * PRIMARIES);
    const nodes = Array.from({ length: 2 * PRIMARIES }, (_, index): ClusterNode => {
      const port = ports[2 * index]!;
      return {
        address: `127.0.0.1:${port}`,
        port,
        process: redisProcess(workspace, port, settings(port, ports[2 * index + 1]!)),
      };
    });
    await Promise.all(nodes.map(({ process }) => process.start()));
    const addresses = nodes.map(({ address }) => address);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']);
    await Promise.all(nodes.map(({ port }) => isWhole(port)));
    return { nodes, [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose]() };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}

function settings(port: number, busPort: number): string[] {
  return [
    ...['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`],
    // The default is the port + 10,000, which may be more than there are.
    ...['--cluster-port', String(busPort), '--cluster-node-timeout', '1000'],
    ...['--repl-diskless-sync-delay', '0'],
  ];
}

/** All nodes have to agree, or one would send clients to another that does not know its own slots yet. */
async function isWhole(port: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { stdout } = await run('redis-cli', ['-p', String(port), 'cluster', 'info']);
    if (stdout.includes('cluster_state:ok')) return;
    if (Date.now() > deadline) throw new Error(`the cluster did not come together:\n${stdout}`);
    await sleep(50);
  }
}

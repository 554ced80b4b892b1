import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { freePorts } from './free-port.ts';
import { kafkaJars } from './kafka-jars.ts';
import { type Door, type KafkaNode, nodeProperties } from './kafka-properties.ts';
import { ServerProcess } from './server-process.ts';
import { Workspace } from './workspace.ts';

export interface KafkaOptions {
  /** How many brokers, each of them a controller as well. Three and more replicate threefold. Default 1. */
  readonly brokers?: number;
  /**
   * Ports of proxies, one a broker: clients are told these in place of the brokers' own. The brokers talk to each other
   * past them, and so do clients that begin with `inside`.
   */
  readonly fronts?: readonly number[];
  /** More listeners, each at a port of its own. */
  readonly doors?: readonly Door[];
  /** Passwords by user, for SCRAM-SHA-512. */
  readonly users?: Readonly<Record<string, string>>;
  /** Settings of server.properties, over those in kafka-properties.ts. */
  readonly properties?: Readonly<Record<string, string>>;
  /** The defaults start fast; a benchmark wants more heap and the optimising compiler. */
  readonly jvmFlags?: readonly string[];
  /** 16 bytes as base64url. Random if absent. */
  readonly clusterId?: string;
  readonly say?: (line: string) => void;
}

export interface KafkaServer extends AsyncDisposable {
  /** Where the brokers listen for clients; with `fronts` these are the addresses that the proxies forward to. */
  readonly brokers: readonly string[];
  /** Where clients start that are to pass no proxy; without `fronts` the same as `brokers`. */
  readonly inside: readonly string[];
  /** Where each of the doors is, by its name. */
  readonly doors: Readonly<Record<string, readonly string[]>>;
  /** One a broker, in the order of `brokers`; the id of a node is its index plus one. */
  readonly nodes: readonly ServerProcess[];
  readonly directory: string;
}

const quickStart = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const log4jConfig = join(import.meta.dirname, 'kafka-jars', 'log4j2.properties');

/** Apache Kafka in KRaft mode, as processes on this machine. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const size = options.brokers ?? 1;
  const jars = await kafkaJars(options.say ?? (() => undefined));
  const doors = options.doors ?? [];
  const needed = 3 + doors.length;
  const ports = await freePorts(needed * size);
  const cluster = Array.from({ length: size }, (_, index): KafkaNode => {
    const [port, controllerPort, insidePort, ...doorPorts] = ports.slice(
      needed * index,
      needed * (index + 1),
    ) as [number, number, number, ...number[]];
    const front = options.fronts?.[index];
    return {
      ...{ id: index + 1, port, controllerPort },
      doors: doors.map((door, place) => ({ ...door, port: doorPorts[place]! })),
      ...(front === undefined ? {} : { front: { port: front, insidePort } }),
    };
  });
  const clusterId = options.clusterId ?? randomBytes(16).toString('base64url');

  const workspace = await Workspace.open();
  try {
    const nodes = await Promise.all(
      cluster.map(async (node) => {
        const properties = {
          ...nodeProperties(node, cluster, '127.0.0.1'),
          'log.dirs': `data-${node.id}`,
          ...options.properties,
        };
        const file = `node-${node.id}.properties`;
        await writeFile(join(workspace.directory, file), serialize(properties));
        return new ServerProcess(workspace, {
          name: `kafka-${node.id}`,
          command: 'sh',
          args: [
            '-c',
            launch({
              jars,
              clusterId,
              file,
              jvmFlags: options.jvmFlags ?? quickStart,
              users: options.users ?? {},
            }),
          ],
          isReady: (log) => log.includes('Kafka Server started'),
          timeoutMs: 180_000,
        });
      }),
    );
    await Promise.all(nodes.map((node) => node.start()));
    return {
      brokers: cluster.map((node) => `127.0.0.1:${node.port}`),
      inside: cluster.map(({ port, front }) => `127.0.0.1:${front?.insidePort ?? port}`),
      doors: Object.fromEntries(
        doors.map(({ name }, place) => [
          name,
          cluster.map((node) => `127.0.0.1:${node.doors![place]!.port}`),
        ]),
      ),
      nodes,
      directory: workspace.directory,
      [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
    };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}

function serialize(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Formats the data directory at the first start only, then becomes the broker (`exec` keeps the process id). */
function launch(node: {
  jars: string;
  clusterId: string;
  file: string;
  jvmFlags: readonly string[];
  users: Readonly<Record<string, string>>;
}): string {
  const java = `java ${node.jvmFlags.join(' ')} -Dlog4j2.configurationFile='${log4jConfig}' -cp '${node.jars}/*'`;
  const users = Object.entries(node.users).map(
    ([name, password]) => ` --add-scram 'SCRAM-SHA-512=[name=${name},password=${password}]'`,
  );
  return [
    // With `=`, because one id in 64 begins with a hyphen and would be read as an option.
    `${java} kafka.tools.StorageTool format --cluster-id=${node.clusterId} -c ${node.file} --ignore-formatted${users.join('')}`,
    `exec ${java} kafka.Kafka ${node.file}`,
  ].join(' && ');
}

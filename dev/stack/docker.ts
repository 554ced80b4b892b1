import { get, type RequestOptions } from 'node:http';
import { freePorts } from './free-port.ts';
import { nodeProperties } from './kafka-properties.ts';
import { kafkaVersion } from './kafka-jars.ts';

const kafkaImage = `apache/kafka:${kafkaVersion}`;
const redisImage = 'redis:7.2';

/** Asks the daemon itself, for a second at most: a client alone, or a socket nobody listens on, is no Docker. */
export async function dockerAnswers(): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ ...daemonAddress(), path: '/_ping', timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(false);
    });
  });
}

function daemonAddress(): RequestOptions {
  const host = process.env['DOCKER_HOST'];
  if (!host) return { socketPath: '/var/run/docker.sock' };
  const url = new URL(host);
  return url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: url.port };
}

/** testcontainers is loaded only here: it takes a second, and most runs on a developer's machine do not need it. */
export async function startContainers(): Promise<{ brokers: string[]; url: string } & AsyncDisposable> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  const node = { id: 1, port, controllerPort };

  // The broker tells clients its own address, so the port outside has to be the port inside.
  const kafka = new GenericContainer(kafkaImage)
    .withEnvironment(environmentOf(nodeProperties(node, [node], '0.0.0.0')))
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/));
  const redis = new GenericContainer(redisImage)
    .withCommand(['redis-server', '--save', '', '--maxmemory-policy', 'noeviction'])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/));

  const [kafkaStarted, redisStarted] = await Promise.all([kafka.start(), redis.start()]);
  return {
    brokers: [`${kafkaStarted.getHost()}:${port}`],
    url: `redis://${redisStarted.getHost()}:${redisStarted.getMappedPort(6379)}/0`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([kafkaStarted.stop(), redisStarted.stop()]);
    },
  };
}

/** The image reads `node.id` from KAFKA_NODE_ID. */
function environmentOf(properties: Readonly<Record<string, string>>): Record<string, string> {
  const variable = (name: string) => `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`;
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [variable(name), value]));
}

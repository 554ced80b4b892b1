import { dockerAnswers, startContainers } from './docker.ts';
import { type KafkaOptions, startKafka } from './kafka.ts';
import { type RedisOptions, startRedis } from './redis.ts';

export interface Stack extends AsyncDisposable {
  readonly kafka: { readonly brokers: readonly string[] };
  readonly redis: { readonly url: string };
  readonly source: 'environment' | 'docker' | 'local';
}

export interface StackOptions {
  /** Options for local processes; with containers or given addresses they have no effect. */
  readonly kafka?: KafkaOptions;
  readonly redis?: RedisOptions;
  /** Where to say what was taken. Default: standard error. */
  readonly say?: (line: string) => void;
}

/**
 * A Kafka and a Redis, from the first of: the addresses in KAFKA_BROKERS and REDIS_URL, a Docker daemon, processes on
 * this machine. What was started is gone after disposal and after the end of this process, however it ends.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const say = options.say ?? ((line) => process.stderr.write(`stack: ${line}\n`));
  const stack = fromEnvironment() ?? (await fromDocker(say)) ?? (await fromProcesses(options, say));
  say(`${stack.source}: Kafka ${stack.kafka.brokers.join(',')}, Redis ${withoutPassword(stack.redis.url)}`);
  return stack;
}

function fromEnvironment(): Stack | undefined {
  const brokers = process.env['KAFKA_BROKERS'];
  const url = process.env['REDIS_URL'];
  if (!brokers || !url) return undefined;
  return {
    kafka: { brokers: brokers.split(',') },
    redis: { url },
    source: 'environment',
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function fromDocker(say: (line: string) => void): Promise<Stack | undefined> {
  if (!(await dockerAnswers())) return undefined;
  say('starting containers');
  const containers = await startContainers();
  return {
    kafka: { brokers: containers.brokers },
    redis: { url: containers.url },
    source: 'docker',
    [Symbol.asyncDispose]: () => containers[Symbol.asyncDispose](),
  };
}

async function fromProcesses(options: StackOptions, say: (line: string) => void): Promise<Stack> {
  say('starting local processes');
  const redis = await startRedis(options.redis);
  try {
    const kafka = await startKafka({ say, ...options.kafka });
    return {
      kafka: { brokers: kafka.brokers },
      redis: { url: redis.url },
      source: 'local',
      [Symbol.asyncDispose]: async () => {
        await Promise.all([kafka[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]);
      },
    };
  } catch (error) {
    await redis[Symbol.asyncDispose]();
    throw error;
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/, '//');
}

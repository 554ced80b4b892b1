import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { Authority } from '../../dev/stack/authority.ts';
import type { KafkaServer } from '../../dev/stack/kafka.ts';
import { startSecureKafka } from '../../dev/stack/secure-kafka.ts';
import { startSecureRedis } from '../../dev/stack/secure-redis.ts';
import type { SecureRedis } from '../../dev/stack/secure-redis.ts';
import { Workspace } from '../../dev/stack/workspace.ts';
import { needsOf } from '../../src/access/needs.ts';
import type { Need } from '../../src/access/needs.ts';
import { redisRules } from '../../src/access/redis-commands.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { KafkaUsers } from './kafka-users.ts';

const root = join(import.meta.dirname, '../..');
const file = join(root, 'config/production.yaml');
const run = promisify(execFile);

export const USER = 'retries';
export const PRINCIPAL = `User:${USER}`;
export const PASSWORDS = { kafka: 'kafka-Passw0rd', redis: 'redis-Passw0rd' };
export const TOKENS = { GATE_TOKEN: 'gate-'.repeat(5), OPERATOR_TOKEN: 'operator-'.repeat(3) };

/** A Kafka and a Redis that let in who has the right words, and config/production.yaml with the environment for them. */
export class SecureStage implements AsyncDisposable {
  readonly authority: Authority;
  readonly kafka: KafkaServer;
  readonly redis: SecureRedis;
  readonly users: KafkaUsers;
  readonly #workspace: Workspace;

  private constructor(
    workspace: Workspace,
    authority: Authority,
    [kafka, redis]: readonly [KafkaServer, SecureRedis],
  ) {
    this.#workspace = workspace;
    this.authority = authority;
    this.kafka = kafka;
    this.redis = redis;
    this.users = new KafkaUsers(kafka.brokers[0]!);
  }

  static async open(): Promise<SecureStage> {
    const workspace = await Workspace.open();
    const authority = await Authority.open(workspace.directory);
    const rules = redisRules('ro:', false);
    const redis = await startSecureRedis(authority, { [USER]: [...rules, `>${PASSWORDS.redis}`] });
    const kafka = await startSecureKafka(authority, { [USER]: PASSWORDS.kafka });
    return new SecureStage(workspace, authority, [kafka, redis]);
  }

  /** As an operator sets it. */
  environment(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      KAFKA_BROKERS: this.kafka.doors['GOOD']!.join(','),
      KAFKA_TLS_CA_FILE: this.authority.caFile,
      KAFKA_SASL_USERNAME: USER,
      KAFKA_SASL_PASSWORD: PASSWORDS.kafka,
      REDIS_URL: this.redis.secureUrl,
      REDIS_TLS_CA_FILE: this.authority.caFile,
      REDIS_USERNAME: USER,
      REDIS_PASSWORD: PASSWORDS.redis,
      ...TOKENS,
      ...changes,
    };
  }

  /** What config/production.yaml says. */
  async config(): Promise<Record<string, unknown>> {
    return parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  }

  get needs(): readonly Need[] {
    return needsOf(loadConfig(file, this.environment()));
  }

  /** The command line, with config/production.yaml. */
  async command(
    args: readonly string[],
    changes: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number; output: string }> {
    const env = { ...process.env, ...this.environment(changes) };
    const words = ['--import', 'tsx', 'src/cli.ts', ...args, '--config', file];
    try {
      const { stdout, stderr } = await run(process.execPath, words, { cwd: root, env, timeout: 120_000 });
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: stdout + stderr };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.users[Symbol.asyncDispose]();
    await Promise.all([this.kafka[Symbol.asyncDispose](), this.redis[Symbol.asyncDispose]()]);
    await this.#workspace[Symbol.asyncDispose]();
  }
}

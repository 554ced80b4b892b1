import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { doctor } from '../../src/commands/doctor.ts';
import type { DoctorOptions } from '../../src/commands/doctor.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { KafkaUsers } from './kafka-users.ts';

const file = join(import.meta.dirname, '../../config/production.yaml');

export const USER = 'retries';
/** Redis lets it in, and it may do next to nothing. */
export const WEAK_USER = 'weak';
export const PRINCIPAL = `User:${USER}`;
export const PASSWORDS = { kafka: 'kafka-Passw0rd', redis: 'redis-Passw0rd' };
export const TOKENS = { GATE_TOKEN: 'gate-'.repeat(5), OPERATOR_TOKEN: 'operator-'.repeat(3) };

/** A Kafka and a Redis that let in who has the right words, and config/production.yaml with the environment for them. */
export class SecureStage implements AsyncDisposable {
  readonly authority: Authority;
  /** No server has a certificate of it. */
  readonly otherAuthority: Authority;
  readonly kafka: KafkaServer;
  readonly redis: SecureRedis;
  /** Its certificate has expired. */
  readonly expiredRedis: SecureRedis;
  readonly users: KafkaUsers;
  readonly #workspace: Workspace;

  private constructor(
    workspace: Workspace,
    [authority, otherAuthority]: readonly [Authority, Authority],
    [kafka, redis, expiredRedis]: readonly [KafkaServer, SecureRedis, SecureRedis],
  ) {
    this.#workspace = workspace;
    this.authority = authority;
    this.otherAuthority = otherAuthority;
    this.kafka = kafka;
    this.redis = redis;
    this.expiredRedis = expiredRedis;
    this.users = new KafkaUsers(kafka.brokers[0]!);
  }

  static async open(): Promise<SecureStage> {
    const workspace = await Workspace.open();
    const authority = await Authority.open(await mkdtemp(join(workspace.directory, 'authority-')));
    const other = await Authority.open(await mkdtemp(join(workspace.directory, 'authority-')));
    const rules = redisRules('ro:', false);
    const redis = await startSecureRedis(authority, {
      [USER]: [...rules, `>${PASSWORDS.redis}`],
      [WEAK_USER]: ['on', `>${PASSWORDS.redis}`, '~*', '-@all', '+info'],
    });
    const expired = await startSecureRedis(authority, {}, -1);
    const kafka = await startSecureKafka(authority, { [USER]: PASSWORDS.kafka });
    return new SecureStage(workspace, [authority, other], [kafka, redis, expired]);
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

  /** In force, with other words of the environment. */
  loaded(changes: Readonly<Record<string, string>> = {}): Config {
    return loadConfig(file, this.environment(changes));
  }

  get needs(): readonly Need[] {
    return needsOf(this.loaded());
  }

  /** `doctor`, with config/production.yaml; in this process, which is quicker. */
  async doctor(
    changes: Readonly<Record<string, string>> = {},
    options: DoctorOptions = {},
  ): Promise<{ code: number; output: string }> {
    let output = '';
    const out = { write: (text: string | Uint8Array) => (output += String(text)) !== '' };
    const code = await doctor(file, this.environment(changes), options, { stdout: out, stderr: out });
    return { code, output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.users[Symbol.asyncDispose]();
    const servers = [this.kafka, this.redis, this.expiredRedis];
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    await this.#workspace[Symbol.asyncDispose]();
  }
}

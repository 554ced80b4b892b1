import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Admin } from '@platformatic/kafka';
import type { Config } from '../config/config.ts';
import { adminAccess } from './admin-access.ts';
import type { AdminAccess } from './admin-access.ts';
import { bootstrapOf } from './bootstrap.ts';
import type { Broker } from './bootstrap.ts';
import { describeGroup } from './described-group.ts';

/** What was asked for; or why nobody knows. */
export type Read<Value> =
  { readonly kind: 'read'; readonly value: Value } | { readonly kind: 'unreadable'; readonly why: string };

export interface Cluster {
  readonly id: string;
  readonly brokers: readonly Broker[];
}

/** As the broker names them: `cleanup.policy`, `retention.ms`, … */
export type TopicSettings = Readonly<Record<string, string>>;

export interface GroupMember {
  readonly clientId: string;
  readonly host: string;
  /** null: it does not say. */
  readonly topics: readonly string[] | null;
}

export interface Group {
  readonly members: readonly GroupMember[];
}

export interface TopicToCreate {
  readonly topic: string;
  readonly partitions: number;
  /** null: as many as the brokers give by themselves. */
  readonly replicas: number | null;
  readonly settings: TopicSettings;
}

const TOPIC = 2;
/** What a broker sends where nobody asked, or where it does not know. */
const UNSAID = -2_147_483_648;
const ASKED = [
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'max.message.bytes',
  'min.insync.replicas',
  'unclean.leader.election.enable',
  'message.timestamp.type',
];

/**
 * Looks at what the Kafka client of the service has no call for: the cluster's id, the settings of topics, the members of
 * groups. A client of its own (ADR 13), which nothing else uses, and which is loaded when it is first needed.
 */
export class ClusterView {
  readonly #admin: Admin;
  /** How brokers are talked to; undefined: in plain text. */
  readonly tls: ConnectionOptions | undefined;

  private constructor(admin: Admin, { tls }: AdminAccess) {
    this.#admin = admin;
    this.tls = tls;
  }

  /** @throws UnsupportedAccess; nothing is contacted yet. */
  static async open(
    { kafka }: Pick<Config, 'kafka'>,
    { timeout = 5_000, retries = 3 } = {},
  ): Promise<ClusterView> {
    const access = adminAccess(kafka.librdkafka, (path) => readFileSync(path));
    // 0.4 s of CPU, which a service without need of it does not spend.
    const client = await import('@platformatic/kafka');
    const admin = new client.Admin({
      clientId: kafka.clientId,
      bootstrapBrokers: [...kafka.brokers],
      ...{ timeout, connectTimeout: timeout, requestTimeout: timeout, retries, retryDelay: 300 },
      ...(access.tls === undefined
        ? {}
        : // What is by no name can't be asked for by name.
          { tls: access.tls, tlsServerName: !bootstrapOf({ kafka }).every(({ host }) => isIP(host) > 0) }),
      ...(access.sasl === undefined ? {} : { sasl: access.sasl }),
    });
    return new ClusterView(admin, access);
  }

  async close(): Promise<void> {
    await this.#admin.close().catch(() => undefined); // what it had open is gone either way
  }

  /** Throws where Kafka does not answer. */
  async cluster(): Promise<Cluster> {
    const { id, brokers } = await this.#asked(this.#admin.metadata({ topics: [], forceUpdate: true }));
    return { id, brokers: [...brokers.values()].map(({ host, port }) => ({ host, port })) };
  }

  /** The fewest replicas that a partition of each topic has. All topics have to be there. */
  async replicas(topics: readonly string[]): Promise<Map<string, number>> {
    if (topics.length === 0) return new Map();
    const { topics: found } = await this.#asked(
      this.#admin.metadata({ topics: [...topics], forceUpdate: true }),
    );
    return new Map(
      [...found].map(([name, { partitions }]) => [
        name,
        Math.min(...partitions.map(({ replicas }) => replicas.length)),
      ]),
    );
  }

  /** Of topics that are there. */
  async settings(topics: readonly string[]): Promise<Map<string, Read<TopicSettings>>> {
    if (topics.length === 0) return new Map();
    try {
      return await this.#describe(topics);
    } catch (error) {
      if (topics.length === 1) return new Map([[topics[0] ?? '', unreadable(error)]]);
    }
    // One that may not be read makes an error of all.
    const each = await Promise.all(topics.map((topic) => this.settings([topic])));
    return new Map(each.flatMap((one) => [...one]));
  }

  /** null: there is no such group. */
  async group(id: string): Promise<Read<Group | null>> {
    try {
      const { state, members } = await describeGroup(this.#admin, id, false);
      if (state !== 'Dead') return { kind: 'read', value: { members } };
      const listed = (await this.#admin.listGroups({ types: ['classic', 'consumer'] })).get(id);
      if (listed?.groupType !== 'consumer') return { kind: 'read', value: null };
      return unreadable(
        new Error('it uses the protocol of KIP-848, whose members this client can not ask for'),
      );
    } catch (error) {
      return unreadable(error);
    }
  }

  /**
   * Codes of what may be done with a group: none, where Kafka tells nothing of it. null: the broker does not say. Throws where
   * Kafka does not answer.
   */
  async operationsOnGroup(id: string): Promise<readonly number[] | null> {
    try {
      const { operations: bits } = await describeGroup(this.#admin, id, true);
      return bits === UNSAID
        ? null
        : Array.from({ length: 31 }, (_, code) => code).filter((code) => (bits >> code) & 1);
    } catch (error) {
      if (rootOf(error).apiId === 'GROUP_AUTHORIZATION_FAILED') return [];
      throw new Error(whyOf(error), { cause: error });
    }
  }

  async create({ topic, partitions, replicas, settings }: TopicToCreate): Promise<void> {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await this.#asked(
      this.#admin.createTopics({ topics: [topic], partitions, replicas: replicas ?? -1, configs }),
    );
  }

  async #describe(topics: readonly string[]): Promise<Map<string, Read<TopicSettings>>> {
    const described = await this.#admin.describeConfigs({
      resources: topics.map((resourceName) => ({
        resourceType: TOPIC,
        resourceName,
        configurationKeys: ASKED,
      })),
    });
    return new Map(
      described.map(({ resourceName, configs }) => [
        resourceName,
        { kind: 'read', value: Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ''])) },
      ]),
    );
  }

  async #asked<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      throw new Error(whyOf(error), { cause: error });
    }
  }
}

function unreadable(error: unknown): { readonly kind: 'unreadable'; readonly why: string } {
  return { kind: 'unreadable', why: whyOf(error) };
}

interface Said {
  readonly message?: string;
  /** Of Node.js: `CERT_HAS_EXPIRED`, `ECONNREFUSED`. */
  readonly code?: string;
  /** Of Kafka: `SASL_AUTHENTICATION_FAILED`. */
  readonly apiId?: string;
}

/** The client wraps what the broker said several times: the innermost says why. */
export function rootOf(error: unknown): Said {
  const { errors, cause } = error as { errors?: readonly unknown[]; cause?: unknown };
  const inner = errors?.at(-1) ?? cause;
  return inner === undefined || inner === null ? (error as Said) : rootOf(inner);
}

export function whyOf(error: unknown): string {
  const { apiId, message } = rootOf(error);
  return `${apiId === undefined ? '' : `${apiId}: `}${message ?? String(error)}`;
}

import type { BackoffPolicy } from '../domain/backoff.ts';
import type { LogLevel } from '../log-level.ts';
import type { Address, Scalar } from './formats.ts';

/** The configuration in force: checked, complete, frozen. Durations are in milliseconds, sizes in bytes. */
export interface Config {
  readonly environment: string | null;
  /** See config/name-patterns.ts. null: names may be anything. */
  readonly topicPattern: readonly string[] | null;
  readonly kafka: {
    readonly brokers: readonly string[];
    readonly clientId: string;
    readonly groupPrefix: string;
    /** null: the group gives each process a name of its own. */
    readonly groupInstanceId: string | null;
    readonly clusterId: string | null;
    readonly sessionTimeout: number;
    readonly maxInFlight: number;
    /** With what `tls` and `sasl` of the file come to: `security.protocol`, `sasl.password`, … Holds secrets. */
    readonly librdkafka: Readonly<Record<string, Scalar>>;
  };
  readonly redis: RedisConfig & { readonly memory: MemoryMargins };
  readonly http: HttpConfig;
  readonly log: { readonly level: LogLevel; readonly keys: boolean };
  readonly events: { readonly topic: string | null };
  readonly notify: NotifyConfig;
  readonly audit: { readonly topic: string | null; readonly kept: number };
  readonly routes: readonly RouteConfig[];
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  readonly trustProxy: boolean;
  /** null: nothing is said about it, and everybody may call. `none`: the same, on purpose. */
  readonly auth: AuthConfig | 'none' | null;
  readonly limits: {
    readonly callsPerMinute: number | null;
    readonly gateCallsPerMinute: number | null;
    readonly refusalsPerMinute: number;
  };
}

export interface AuthConfig {
  readonly tokens: readonly TokenConfig[];
  readonly oidc: OidcConfig | null;
  readonly protectMetrics: boolean;
}

export interface TokenConfig {
  readonly name: string;
  readonly scopes: readonly GrantedScope[];
  readonly source:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'variable'; readonly name: string; readonly value: string };
}

export interface OidcConfig {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** null: the issuer's own description says it. */
  readonly jwksUri: string | null;
  readonly algorithms: readonly string[];
  readonly clockTolerance: number;
  readonly nameClaim: string;
  readonly scopeClaim: string;
  readonly scopes: Readonly<Record<GrantedScope, readonly string[]>>;
}

/** What a caller may be granted. `operate` includes `read`. */
export type GrantedScope = 'gate' | 'read' | 'operate';

/** Who is told of messages that failed for good. */
export interface NotifyConfig {
  /** A secret. null: nobody. */
  readonly url: string | null;
  readonly format: 'json' | 'slack' | 'teams';
  readonly interval: number;
  readonly keys: boolean;
  readonly link: string | null;
}

/** Shares of Redis' `maxmemory`: from when on payloads stay in Kafka, and reading stops. */
export interface MemoryMargins {
  readonly leaveOutAt: number;
  readonly stopAt: number;
}

/** How TLS is spoken: PEM texts, null where none is given. */
export interface RedisTls {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** null: the host that is connected to. */
  readonly serverName: string | null;
}

/** How a server lets us in. Beside a URL: what it does not say. */
export interface RedisAccess {
  readonly username: string | null;
  readonly password: string | null;
  /** null: in plain text. */
  readonly tls: RedisTls | null;
}

/** One server, whichever one the Sentinels call the primary, or all primaries of a Cluster. */
export type RedisConfig = { readonly keyPrefix: string } & (
  | { readonly kind: 'url'; readonly url: string; readonly access?: RedisAccess }
  | {
      readonly kind: 'sentinels';
      readonly sentinels: readonly Address[];
      /** What they call the primary. */
      readonly name: string;
      readonly sentinelPassword: string | null;
      readonly access: RedisAccess;
    }
  | { readonly kind: 'cluster'; readonly seeds: readonly Address[]; readonly access: RedisAccess }
);

export interface RouteConfig {
  readonly name: string;
  readonly topic: string;
  readonly consumerGroup: string;
  readonly retryTopic: string;
  readonly deadLetterTopic: string;
  readonly ordering: 'key' | 'none';
  /** Always false with `ordering: none`. */
  readonly gate: boolean;
  readonly backoff: BackoffPolicy;
  /** Attempts of the handler, the first one included. */
  readonly maxAttempts: number;
  /** Since the first failure; null: no limit. */
  readonly maxAge: number | null;
  readonly afterDeadLetter: 'continue' | 'hold';
  /** `allowEdit`: an operator may redrive a message with another value or other headers. */
  readonly deadLetters: { readonly allowEdit: boolean; readonly indexLimit: number };
  /** How often in a row Kafka may refuse a message for its own sake before it is given up. */
  readonly undeliverable: { readonly attempts: number };
  readonly redelivery: {
    readonly window: number;
    readonly maxPerSecond: number;
    /** What the rate begins at; it counts as maxPerSecond where it is more. */
    readonly startPerSecond: number;
    /** null: redeliveries go to `topic`. */
    readonly topic: string | null;
  };
  readonly deliveryTimeout: number;
  readonly claimTtl: number;
  readonly journalInterval: number;
  /** When old retry records are appended anew: ms, and retry records behind them. */
  readonly carryForward: { readonly age: number; readonly distance: number };
  /** Bytes of headers and value that are kept in Redis. */
  readonly payload: { readonly inlineUpTo: number };
  readonly limits: { readonly heldBytes: number; readonly lockedKeys: number };
  /** When the circuit breaker opens; `window` in ms. */
  readonly breaker: {
    readonly failureShare: number;
    readonly window: number;
    readonly minimum: number;
    readonly keys: number;
    readonly probes: number;
  };
  readonly gateListLimit: number;
}

/** The service's own consumer group of a route. */
export function groupId(
  config: { readonly kafka: { readonly groupPrefix: string } },
  route: { readonly name: string },
): string {
  return `${config.kafka.groupPrefix}.${route.name}`;
}

/** A group that Kafka wants to be named where partitions are read beside all groups; nobody joins it. */
export function groupOfReaders({ kafka }: { readonly kafka: { readonly groupPrefix: string } }): string {
  return `${kafka.groupPrefix}.origins`;
}

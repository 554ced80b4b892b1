import { systemClock, systemRandom, type GateClock } from './clock.ts';
import { safely, type OnEvent } from './events.ts';
import type { HttpOptions } from './http.ts';
import type { PublishRetries } from './retry-record.ts';

export interface GateOptions extends HttpOptions {
  /** The route's name at the service. */
  route: string;
  /** The main topic. Records of other topics are handed to the handler as they are. */
  topic: string;
  /** Publishes to the route's retry topic; see `rdKafkaPublisher` and `kafkaJsPublisher`. */
  publish: PublishRetries;
  /**
   * What retry topic and producer accept for one record, in bytes (`message.max.bytes` of the producer). Larger ones are
   * published without their value, which the service then reads at the origin. Without it, the refusal says so.
   */
  maxRecordBytes?: number;
  /** The consumer group's generation for this member, where the client lets one know it. */
  generation?: (partition: number) => number | undefined;
  /**
   * Resolves with true once a commit of this member has succeeded for the partition, made after the call. Asked before
   * every claim but the first of an assignment. The runner brings its own.
   */
  proveOwnership?: (partition: number) => Promise<boolean>;
  /** A poll older than this holds records back until the next one. Only where polls are reported. Default 10 s. */
  maxPollAgeMs?: number;
  /** How long a call may take before it counts as unanswered. Default 5 s. */
  requestTimeoutMs?: number;
  /** The same for a claim, which waits until the shard has read what is there. Default 15 s. */
  claimTimeoutMs?: number;
  /**
   * How long records wait for an answer of the service before the partition goes on without it: what fails, and what
   * follows it, is published to the retry topic unasked, and redelivered records are left for later. Default 2 s;
   * `Infinity`: they wait as long as it takes.
   */
  patienceMs?: number;
  /** Delays between repeated calls. Default 100 ms, doubling up to 5 s. */
  retry?: { initialMs?: number; maxMs?: number };
  renewEveryMs?: number;
  /** Names this process start; random unless given. Never reuse one. */
  consumerId?: string;
  onEvent?: OnEvent;
  clock?: GateClock;
  random?: () => number;
}

/** The options with every default in its place. */
export function withDefaults(options: GateOptions) {
  return {
    ...options,
    consumerId: options.consumerId ?? globalThis.crypto.randomUUID(),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    emit: safely(options.onEvent),
    maxPollAgeMs: options.maxPollAgeMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 5_000,
    patienceMs: options.patienceMs ?? 2_000,
    claimTimeoutMs: options.claimTimeoutMs ?? 15_000,
    renewEveryMs: options.renewEveryMs ?? 1_000,
    retry: { initialMs: options.retry?.initialMs ?? 100, maxMs: options.retry?.maxMs ?? 5_000 },
  };
}

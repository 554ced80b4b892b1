import type { RouteConfig } from '../config/config.ts';
import type { DeadLetterDesk } from '../dead-letters/dead-letter-desk.ts';
import type { Position } from '../explanation/facts.ts';
import type { FailureLog } from '../failures/failure-log.ts';
import type { FailureStore } from '../failures/failure-store.ts';
import type { FailingKeys } from '../hot-keys/failing-keys.ts';
import type { HeldKeys } from '../hot-keys/held-keys.ts';
import type { GateBox } from '../penalty-box/gate-box.ts';
import type { OperatorBox } from '../penalty-box/operator-box.ts';
import type { RedeliveryRate } from '../protection/redelivery-rate.ts';
import type { BackpressureState } from '../protection/backpressure.ts';
import type { RouteControl } from '../protection/route-control.ts';
import type { RedriveDesk } from '../redrive/redrive-desk.ts';

/** What the HTTP API needs of one route. */
export interface RouteDesk {
  readonly config: RouteConfig;
  readonly gate: GateBox;
  readonly operator: OperatorBox;
  /** How much of new messages goes into Redis. */
  backpressure(): BackpressureState;
  readonly control: Pick<RouteControl, 'state' | 'change'>;
  readonly rate: Pick<RedeliveryRate, 'perSecond' | 'growth'>;
  readonly failures: {
    readonly log: Pick<FailureLog, 'add'>;
    readonly store: Pick<FailureStore, 'top' | 'ofUnit'>;
  };
  readonly hotKeys: {
    /** By held messages, over these partitions. */
    held(partitions: readonly number[]): Promise<HeldKeys>;
    /** By failures, over all replicas. @throws UNAVAILABLE */
    failing(limit: number): Promise<FailingKeys>;
  };
  readonly deadLetters: DeadLetterDesk;
  readonly redrives: RedriveDesk;
  /** Partitions of the retry topic; 0 until Kafka has said so. */
  partitionCount(): number;
  /** Partitions of the main topic, likewise. More than of the retry topic: those beyond can't be retried. */
  mainPartitionCount(): number;
  /** Asks Kafka how many partitions there are, unless that was done a moment ago. Never rejects. */
  refreshTopics(): Promise<void>;
  /** Why the route can't keep its promises now, one line each; empty: nothing is wrong. */
  problems(): readonly string[];
  /** Shards that this replica owns, with whether each is restored. */
  shards(): readonly {
    readonly partition: number;
    readonly restored: boolean;
    /** Outcomes wait to be written to the retry topic for longer than they should. */
    readonly journalLate: boolean;
  }[];
  /** The last stable offset of a retry partition, asked of Kafka now. */
  retryEnd(partition: number): Promise<number>;
  /** Of all of them, in one question. */
  retryEnds(): Promise<ReadonlyMap<number, number>>;
  /** What the route's consumer group has committed where redeliveries go, asked of Kafka now; -1 = nothing. */
  committed(partition: number): Promise<number>;
  /** How far the group has read a partition of the main topic, asked of Kafka now. */
  readTo(partition: number): Promise<Position>;
  /** Of all of them, in one question. */
  positions(): Promise<ReadonlyMap<number, Position>>;
  /** Open dead letters; null while their index is being read anew. */
  deadLetterCount(): Promise<number | null>;
}

/** Whether what the service stands on answers. */
export interface Foundations {
  /** One line for each that does not: Kafka, Redis. */
  missing(): Promise<readonly string[]>;
}

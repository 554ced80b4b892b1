import type { RouteConfig } from '../config/config.ts';
import type { Unit } from '../domain/unit.ts';
import type { KeyFailure } from '../failures/failure-tally.ts';
import type { LockView } from '../penalty-box/operator-box.ts';
import type { BackpressureState } from '../protection/backpressure.ts';
import type { ControlState } from '../protection/route-control.ts';

/** What the explanation of a key is made of. Times in epoch ms; null: nobody could say. */
export interface KeyFacts {
  readonly now: number;
  readonly route: RouteConfig;
  readonly unit: Unit;
  readonly control: ControlState;
  /** Why the route can't keep its promises now. */
  readonly problems: readonly string[];
  readonly backpressure: BackpressureState;
  readonly locks: readonly LockFacts[];
  /** Shards that did not answer: the key may be locked there. */
  readonly silent: readonly { readonly partition: number; readonly why: string }[];
  /** Where a key that is not locked is looked for. */
  readonly partition: { readonly number: number; readonly from: 'asked' | 'failure' | 'murmur2' } | null;
  readonly position: Position | null;
  /** Newest first. */
  readonly failures: readonly KeyFailure[] | null;
  /** Where it is among the hottest keys of the route; null: it is not, or nobody could say. */
  readonly hot: HotFacts | null;
  readonly deadLetters: readonly DeadLetterFacts[] | null;
  /** Whether there may be more of them than are listed. */
  readonly moreDeadLetters: boolean;
}

/** A key that holds many of the route's messages. `rank`: 1 is the hottest. */
export interface HotFacts {
  readonly rank: number;
  readonly held: number;
  /** Of all held messages of the route. */
  readonly total: number;
}

/** How far the group has read a partition of the main topic. */
export interface Position {
  readonly partition: number;
  /** null: it has committed nothing there. */
  readonly committed: number | null;
  readonly end: number;
  /** It has committed something in the topic. */
  readonly known: boolean;
}

export interface DeadLetterFacts {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly status: string;
  readonly deadLetteredAt: number | null;
  readonly errorClass: string;
  readonly errorMessage: string;
}

export interface LockFacts {
  readonly lock: LockView;
  readonly evidence: Evidence;
}

export interface Evidence {
  /** Of the group, where redeliveries go. */
  readonly committed: number | null;
  readonly position: Position | null;
  /** End of the retry partition, and how far it was read. */
  readonly retryEnd: number | null;
  readonly cursor: number | null;
  /** Who claims the main partition; only with a gate. */
  readonly claimant: {
    readonly consumerId: string;
    readonly renewedAt: number;
    readonly alive: boolean;
  } | null;
}

import type { CarryPolicy } from '../carry-forward/lagging.ts';
import type { Clock } from '../clock.ts';
import type { TopicIds } from '../domain/topic-ids.ts';
import type { ArrivalPolicy } from '../ingest/read-arrival.ts';
import type { Range } from '../kafka/offsets.ts';
import type { Send } from '../kafka/send.ts';
import type { Logger } from '../logger.ts';
import type { BoxScripts } from '../penalty-box/box-scripts.ts';
import type { Arrival, Job } from '../penalty-box/entry.ts';
import type { Findings, Ingested, ReleasePolicy } from '../penalty-box/owner-box.ts';
import type { ProbePermits } from '../protection/probe-permits.ts';
import type { ShardLimit } from '../protection/release-limit.ts';
import type { ContentSources } from '../redelivery/content.ts';
import type { Destinations } from '../redelivery/outgoing-record.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** What a shard needs of its route and of the process. Times on Redis' clock, epoch ms. */
export interface ShardDeps {
  readonly scripts: BoxScripts;
  readonly arrivalPolicy: ArrivalPolicy;
  readonly releasePolicy: ReleasePolicy;
  readonly destinations: Destinations;
  readonly gated: boolean;
  readonly hold: boolean;
  readonly undeliverableAttempts: number;
  readonly limit: ShardLimit;
  readonly permits: ProbePermits;
  readonly room: () => number;
  readonly send: Send;
  readonly retryTopic: string;
  /** Outcomes are in the retry topic this soon, ms. */
  readonly journalInterval: number;
  readonly carryForward: CarryPolicy;
  /** Offset of the first retry record that is younger than that (ms). */
  readonly firstYoungerThan: (age: number) => Promise<number>;
  /** Headers and values that Redis does not hold. */
  readonly content: ContentSources;
  readonly onLost: (job: Job) => void;
  /** Larger messages are left in the retry topic, bytes. */
  readonly inlineUpTo: () => number;
  /** Redis has room: the retry partition is read on. */
  readonly reading: () => boolean;
  /** Redis has no memory for more. */
  readonly onFull: () => void;
  /** Reads the retry partition from there on. */
  readonly read: (offset: number) => Promise<void>;
  readonly commit: (checkpoint: number) => Promise<void>;
  /** The service's own committed offset in the retry partition (-1 = none), and the partition's range. */
  readonly checkpoint: () => Promise<{ readonly committed: number; readonly range: Range }>;
  /** What the main and the retry topic are now: other ids than before, where they were deleted and made anew. */
  readonly topicIds: () => Promise<TopicIds>;
  readonly now: () => number;
  readonly past: () => number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nonce: () => string;
  /** null: no SDK was loaded. */
  readonly tracing: Tracing | null;
  readonly logger: Logger;
  readonly onIngested: (ingested: Ingested) => void;
  /** Records that were read for the first time. */
  readonly onArrived: (arrivals: readonly Arrival[]) => void;
  readonly onReleased: (jobs: readonly Job[]) => void;
  readonly onWritten: (job: Job, latenessMs: number) => void;
  /** Kafka refused to take it, for its own sake. */
  readonly onUnpublishable: (job: Job) => void;
  readonly onFindings: (findings: Findings) => void;
  /** `rebuilt`: from Kafka. */
  readonly onRestored: (seconds: number, rebuilt: boolean) => void;
}

import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { KafkaOffsets, Range } from '../kafka/offsets.ts';
import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import type { Evidence as Seen, Findings, OwnerBox, OwnerReply, Refusal } from '../penalty-box/owner-box.ts';

/** A shard of which evidence is looked for. */
export interface WatchedShard {
  readonly partition: number;
  readonly box: OwnerBox;
  /** The next retry-topic offset that the box has not seen. */
  readonly cursor: number;
  /** Records the range of the retry partition that was read: how far the box is behind it. */
  onRange(range: Range): void;
  /** The retry topic ends before what was read of it: it is another one, or has lost its end. */
  onCutOff(): void;
  onFindings(findings: Findings, nextDue: number | null): Promise<void>;
  onRefused(refusal: Refusal): void;
}

interface Deps {
  readonly offsets: KafkaOffsets;
  readonly consumerGroup: string;
  readonly mainTopic: string;
  readonly retryTopic: string;
  /** Where redeliveries go: the main topic, or one of the group's own. */
  readonly redeliveryTopic: string;
  readonly gated: boolean;
  readonly shards: () => readonly WatchedShard[];
  /** How far the group is in the main topic, and what there is of it; by partition. */
  readonly onCommitted: (committed: ReadonlyMap<number, number>, ranges: ReadonlyMap<number, Range>) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** With a gate it only tidies up; without one every outcome waits for it. */
const GATED_INTERVAL = 1_000;
const UNGATED_INTERVAL = 250;

/**
 * Looks for proof instead of waiting for timeouts. The group's committed offset is read first, then the end of the retry
 * partition: what was committed and has not come back to the retry topic by then never will.
 */
export class Evidence implements Component {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  readonly #abort = new AbortController();
  #running: Promise<void> | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
  }

  start(): Promise<void> {
    this.#running = this.#watch();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { clock, gated, shards } = this.#deps;
    let more = false;
    while (!this.#isStopped()) {
      try {
        if (!more) await clock.sleep(gated ? GATED_INTERVAL : UNGATED_INTERVAL, this.#abort.signal);
        more = shards().length > 0 && (await this.look());
        this.#trouble.over('evidence_goes_on', 'evidence is looked for again');
      } catch (error) {
        more = false;
        if (this.#isStopped()) return;
        this.#trouble.met(
          { event: 'evidence_delayed', err: error },
          'Kafka or Redis did not say what is needed for evidence; asking again',
        );
      }
    }
  }

  #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  /** One round over all shards; true if there was more than one round could take. */
  async look(): Promise<boolean> {
    const { offsets, consumerGroup, mainTopic, retryTopic, redeliveryTopic, gated, shards } = this.#deps;
    // Before the ends are asked for: a shard goes on reading meanwhile.
    const cursors = new Map(shards().map((shard) => [shard, shard.cursor]));
    const committed = await offsets.committed(consumerGroup, mainTopic);
    const passed =
      redeliveryTopic === mainTopic ? committed : await offsets.committed(consumerGroup, redeliveryTopic);
    const [retry, redelivered] = await Promise.all([
      offsets.ranges(retryTopic),
      offsets.ranges(redeliveryTopic),
    ]);
    this.#deps.onCommitted(
      committed,
      redeliveryTopic === mainTopic ? redelivered : await offsets.ranges(mainTopic),
    );
    const rounds = shards().map(async (shard) => {
      const range = retry.get(shard.partition);
      if (range === undefined) return false;
      shard.onRange(range);
      if (range.end < (cursors.get(shard) ?? 0)) {
        shard.onCutOff();
        return false;
      }
      const seen: Seen = {
        committed: committed.get(shard.partition) ?? -1,
        end: range.end,
        passed: passed.get(shard.partition) ?? -1,
        first: redelivered.get(shard.partition)?.first ?? -1,
        redeliveryEnd: redelivered.get(shard.partition)?.end ?? -1,
      };
      return this.#judge(shard, await shard.box.evidence(gated, seen), seen);
    });
    return (await Promise.all(rounds)).includes(true);
  }

  async #judge(shard: WatchedShard, reply: OwnerReply<Findings>, seen: Seen): Promise<boolean> {
    if (reply.kind === 'lost' || reply.kind === 'fenced') shard.onRefused(reply.kind);
    if (reply.kind !== 'ok') return false;
    const { partition } = shard;
    for (const origin of reply.value.reaped) {
      this.#deps.logger.info(
        { event: 'pending_reaped', partition, origin, committed: seen.committed, retryTopicReadTo: seen.end },
        'an announced record never came: its group committed past it, and the retry topic has been read to its end since',
      );
    }
    await shard.onFindings(reply.value, reply.nextDue);
    return reply.value.more;
  }
}

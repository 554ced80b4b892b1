import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { Listener } from '../kafka/retry-consumer.ts';
import type { Logger } from '../logger.ts';
import type { Shard } from './shard.ts';

interface Deps {
  readonly route: string;
  readonly open: (partition: number) => Shard;
  readonly pause: (partition: number) => void;
  readonly resume: (partition: number) => void;
  readonly onRebalance: () => void;
  readonly onOwned: (shard: Shard) => void;
  readonly onGone: (partition: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A partition whose box takes nothing for this long is paused, so that the others are read on. */
const PATIENCE = 100;

/** The shards of one route that the group assigns to this replica. */
export class RouteWorker implements Listener, Component {
  readonly #deps: Deps;
  readonly #shards = new Map<number, Shard>();
  readonly #paused = new Set<number>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#close([...this.#shards.keys()]);
  }

  get shards(): readonly Shard[] {
    return [...this.#shards.values()];
  }

  shard(partition: number): Shard | undefined {
    return this.#shards.get(partition);
  }

  assigned(partitions: readonly number[]): void {
    const { logger, open, onOwned, onRebalance } = this.#deps;
    onRebalance();
    logger.info({ event: 'shards_assigned', partitions }, 'the group assigned shards to this replica');
    for (const partition of partitions) {
      const shard = open(partition);
      this.#paused.delete(partition);
      this.#shards.set(partition, shard);
      onOwned(shard);
      shard.start();
    }
  }

  async revoked(partitions: readonly number[], lost: boolean): Promise<void> {
    this.#deps.onRebalance();
    this.#deps.logger.info({ event: 'shards_revoked', partitions, lost }, 'shards go to another replica');
    await this.#close(partitions);
  }

  records(partition: number, records: readonly KafkaRecord[]): void {
    this.#shards.get(partition)?.take(records);
  }

  end(partition: number, offset: number): void {
    this.#shards.get(partition)?.reachEnd(offset);
  }

  async room(): Promise<void> {
    const full = this.shards.filter((shard) => shard.full);
    if (full.length === 0) return;
    await Promise.race([...full.map((shard) => shard.drained()), this.#deps.clock.sleep(PATIENCE)]);
    for (const shard of full) if (shard.full) this.#pauseUntilDrained(shard);
  }

  #pauseUntilDrained(shard: Shard): void {
    const { partition } = shard;
    if (this.#paused.has(partition)) return;
    this.#paused.add(partition);
    this.#deps.pause(partition);
    void shard.drained().then(() => {
      if (!this.#paused.delete(partition) || this.#shards.get(partition) !== shard) return;
      this.#deps.resume(partition);
    });
  }

  async #close(partitions: readonly number[]): Promise<void> {
    await Promise.all(
      partitions.map(async (partition) => {
        await this.#shards.get(partition)?.stop();
        this.#shards.delete(partition);
        this.#paused.delete(partition);
        this.#deps.onGone(partition);
      }),
    );
  }
}

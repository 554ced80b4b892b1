import type { RouteConfig } from './config/config.ts';
import { OrchestratorError } from './errors.ts';
import type { Position } from './explanation/facts.ts';
import type { KafkaOffsets, Range } from './kafka/offsets.ts';

/** How far Kafka has what concerns a route, and how far its consumers have read. Rejects where Kafka does not answer. */
export class RoutePositions {
  readonly #route: RouteConfig;
  readonly #offsets: KafkaOffsets;

  constructor(route: RouteConfig, offsets: KafkaOffsets) {
    this.#route = route;
    this.#offsets = offsets;
  }

  async retryRange(partition: number): Promise<Range> {
    const range = (await this.#offsets.ranges(this.#route.retryTopic)).get(partition);
    if (range === undefined) throw this.#lacks(partition);
    return range;
  }

  async retryEnds(): Promise<ReadonlyMap<number, number>> {
    const ranges = await this.#offsets.ranges(this.#route.retryTopic);
    return new Map([...ranges].map(([partition, { end }]) => [partition, end]));
  }

  /** What the application's group has committed of the topic that redeliveries go to; -1 = nothing. */
  async committed(partition: number): Promise<number> {
    const { consumerGroup, topic, redelivery } = this.#route;
    return (await this.#offsets.committed(consumerGroup, redelivery.topic ?? topic)).get(partition) ?? -1;
  }

  /** How far the application's group has read the main topic, by partition. */
  async main(): Promise<ReadonlyMap<number, Position>> {
    const { consumerGroup, topic } = this.#route;
    const [committed, ranges] = await Promise.all([
      this.#offsets.committed(consumerGroup, topic),
      this.#offsets.ranges(topic),
    ]);
    const known = committed.size > 0;
    return new Map(
      [...ranges].map(([partition, { end }]) => [
        partition,
        { partition, committed: committed.get(partition) ?? null, end, known },
      ]),
    );
  }

  /** The same of one partition. */
  async readTo(partition: number): Promise<Position> {
    const position = (await this.main()).get(partition);
    if (position === undefined) throw this.#lacks(partition);
    return position;
  }

  #lacks(partition: number): OrchestratorError {
    return new OrchestratorError(
      'UNAVAILABLE',
      `${this.#route.retryTopic} has no partition ${partition} now`,
      { retryAfterMs: 1_000 },
    );
  }
}

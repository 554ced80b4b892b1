import type { FastifyRequest } from 'fastify';
import { OrchestratorError } from '../errors.ts';
import type { RouteDesk } from './route-desk.ts';

/** The routes by name, and the refusals of what is not there. */
export class Desks {
  readonly #desks: ReadonlyMap<string, RouteDesk>;

  constructor(desks: ReadonlyMap<string, RouteDesk>) {
    this.#desks = desks;
  }

  all(): readonly RouteDesk[] {
    return [...this.#desks.values()];
  }

  has(route: unknown): route is string {
    return typeof route === 'string' && this.#desks.has(route);
  }

  of(route: string): RouteDesk {
    const desk = this.#desks.get(route);
    if (desk === undefined) throw new OrchestratorError('UNKNOWN_ROUTE', 'there is no such route');
    return desk;
  }

  /**
   * Checks route and partition of a gate's call before its body: a consumer that was pointed at the wrong place should
   * hear that, not what is wrong with its records.
   */
  readonly checkGateCall = async (request: FastifyRequest): Promise<void> => {
    const { route, partition } = request.params as { route: string; partition?: string };
    const desk = this.of(route);
    if (!desk.config.gate) {
      throw new OrchestratorError(
        'INVALID',
        `route ${route} works without a gate (ordering: none, or gate: false)`,
      );
    }
    if (partition === undefined) return;
    const number = /^\d{1,9}$/.test(partition) ? Number(partition) : -1;
    // A consumer may hear of new partitions before this service does.
    if (number >= desk.partitionCount()) await desk.refreshTopics();
    checkPartition(desk, number);
  };
}

/** The main topic has the partition and the retry topic lacks it. */
export function lacksRetryPartition(desk: RouteDesk, partition: number): boolean {
  return partition >= desk.partitionCount() && partition < desk.mainPartitionCount();
}

/**
 * @throws UNKNOWN_PARTITION; NOT_READY where only the retry topic lacks it: the caller waits, as for a shard that is being
 * restored, and goes on when the topic has grown. UNAVAILABLE while nobody knows how many there are.
 */
export function checkPartition(desk: RouteDesk, partition: number): void {
  const count = desk.partitionCount();
  if (count === 0) {
    throw new OrchestratorError('UNAVAILABLE', 'Kafka has not said yet which partitions there are', {
      retryAfterMs: 1_000,
    });
  }
  if (lacksRetryPartition(desk, partition)) {
    const { topic, retryTopic } = desk.config;
    throw new OrchestratorError(
      'NOT_READY',
      `partition ${partition} of ${topic} has no retry partition: ${retryTopic} has ${count}; add partitions to it`,
      { retryAfterMs: 5_000 },
    );
  }
  if (partition < 0 || partition >= count) {
    throw new OrchestratorError('UNKNOWN_PARTITION', `there are partitions 0 to ${count - 1}`);
  }
}

/** All partitions of a route, or the one that was asked for. */
export function partitionsOf(desk: RouteDesk, only: number | undefined): number[] {
  checkPartition(desk, only ?? 0);
  return only === undefined ? Array.from({ length: desk.partitionCount() }, (_, i) => i) : [only];
}

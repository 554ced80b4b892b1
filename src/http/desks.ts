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
  readonly checkGateCall = (request: FastifyRequest): Promise<void> => {
    const { route, partition } = request.params as { route: string; partition?: string };
    const desk = this.of(route);
    if (!desk.config.gate) {
      return refuse('INVALID', `route ${route} works without a gate (ordering: none, or gate: false)`);
    }
    if (partition !== undefined) {
      checkPartition(desk, /^\d{1,9}$/.test(partition) ? Number(partition) : -1);
    }
    return Promise.resolve();
  };
}

/** @throws UNKNOWN_PARTITION, or UNAVAILABLE while nobody knows how many there are. */
export function checkPartition(desk: RouteDesk, partition: number): void {
  const count = desk.partitionCount();
  if (count === 0) {
    throw new OrchestratorError('UNAVAILABLE', 'Kafka has not said yet which partitions there are', {
      retryAfterMs: 1_000,
    });
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

function refuse(code: 'INVALID', message: string): Promise<never> {
  return Promise.reject(new OrchestratorError(code, message));
}

import type { RouteConfig } from '../config/config.ts';
import { originOffsetOf } from '../domain/place.ts';
import type { Origin } from '../domain/record.ts';
import { keyOf } from '../domain/unit.ts';
import type { Told } from '../penalty-box/scripts.ts';

/** Something that has happened to a key or a message. */
export interface LifecycleEvent {
  readonly type: 'locked' | 'unlocked' | 'retried' | 'dead-lettered' | 'redriven' | 'parked' | 'unparked';
  readonly route: string;
  readonly partition: number;
  /** null: the message has none, or the route keeps no order of keys. */
  readonly key: Buffer | null;
  /** The message that it is about; of a lock the first one; null: a foreign one, or none. */
  readonly origin: Origin | null;
  /** Handler attempts so far. */
  readonly attempt?: number;
  /** `retried`: how the attempt ended. */
  readonly result?: 'succeeded' | 'failed';
  /** `unlocked`, `dead-lettered`: why. `parked`: `operator` or `dead-letter`. */
  readonly reason?: string;
  readonly errorClass?: string;
  /** `redriven`: by what. */
  readonly redrive?: string;
}

/** What the box has told, as an event. */
export function eventOf(
  { kind, unit, place, attempt, detail }: Told,
  route: Pick<RouteConfig, 'name' | 'topic'>,
  partition: number,
): LifecycleEvent {
  const offset = place === null ? null : originOffsetOf(place);
  const about = {
    route: route.name,
    partition,
    key: keyOf(unit),
    origin: offset === null ? null : { topic: route.topic, partition, offset },
  };
  switch (kind) {
    case 'locked':
    case 'unparked':
      return { type: kind, ...about };
    case 'unlocked':
    case 'parked':
      return { type: kind, ...about, reason: detail };
    case 'succeeded':
      return { type: 'retried', ...about, attempt, result: kind };
    case 'failed':
      return {
        type: 'retried',
        ...about,
        attempt,
        result: kind,
        ...(detail === '' ? {} : { errorClass: detail }),
      };
    case 'redriven':
      return { type: kind, ...about, attempt, redrive: detail };
  }
}

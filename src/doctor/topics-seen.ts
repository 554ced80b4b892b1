import type { Read, TopicSettings } from '../kafka/cluster-view.ts';

/** A topic as it is. */
export interface TopicSeen {
  readonly partitions: number;
  /** The fewest that a partition has. */
  readonly replicas: Read<number>;
  readonly settings: Read<TopicSettings>;
}

/** By name; one that does not exist is left out. */
export type TopicsSeen = ReadonlyMap<string, TopicSeen>;

/** A setting as a number; null: it could not be read, or the broker does not say. */
export function numberOf(seen: TopicSeen | undefined, setting: string): number | null {
  const written = seen?.settings.kind === 'read' ? seen.settings.value[setting] : undefined;
  return written === undefined || written === '' ? null : Number(written);
}

/** The Redis keys of the index of a route's dead letters, in the order in which every script takes them. */
const NAMES = ['meta', 'rows', 'open', 'past', 'keys', 'groups', 'names', 'same', 'ahead'] as const;

/** All are in one hash slot: `<prefix>{route:dead-letters}:<name>`; the last two are bits of the partition's records. */
export function deadLetterKeys(prefix: string, route: string, partition: number): string[] {
  return [...NAMES, ...bitsOf(partition)].map((name) => `${prefix}{${route}:dead-letters}:${name}`);
}

/** With the bits of all partitions, those of 0 first. */
export function allDeadLetterKeys(prefix: string, route: string, partitions: number): string[] {
  const bits = Array.from({ length: Math.max(1, partitions) }, (_, partition) => bitsOf(partition)).flat();
  return [...NAMES, ...bits].map((name) => `${prefix}{${route}:dead-letters}:${name}`);
}

function bitsOf(partition: number): string[] {
  return [`openBits:${String(partition)}`, `settledBits:${String(partition)}`];
}

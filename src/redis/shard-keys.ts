/** The fifteen Redis keys of a shard, in the order in which every script takes them (lua/shared/shard.lua). */
const NAMES = [
  'meta',
  'locks',
  'records',
  'states',
  'queue',
  'due',
  'flight',
  'pending',
  'known',
  'changes',
  'unresolved',
  'settling',
  'journal',
  'redriven',
  'ages',
] as const;

/** All of a shard's keys are in one hash slot: `<prefix>{route:partition}:<name>`. */
export function shardKeys(prefix: string, route: string, partition: number): string[] {
  return NAMES.map((name) => `${prefix}{${route}:${String(partition)}}:${name}`);
}

/** Nothing is stored there: that a script is given it says that it is to tell what it changed. */
export function tellKey(prefix: string, route: string, partition: number): string {
  return `${prefix}{${route}:${String(partition)}}:tell`;
}

/** What was answered to an operator's calls with one Idempotency-Key, in the slot of their shard. */
export function deedsKey(prefix: string, route: string, partition: number, name: string): string {
  return `${prefix}{${route}:${String(partition)}}:deeds:${name}`;
}

/** What an Idempotency-Key was used for first. */
export function usedKey(prefix: string, route: string, name: string): string {
  return `${prefix}{${route}}:used:${name}`;
}

/** What is known of a route's failures: src/failures/lua/record.lua. */
export function failureKeys(prefix: string, route: string): string[] {
  const names = ['shapes', 'counts', 'seen', 'keys', 'recent'];
  return names.map((name) => `${prefix}{${route}:failures}:${name}`);
}

/** What each replica tells of the keys that fail most often: src/hot-keys/redis-board.ts. */
export function failingKey(prefix: string, route: string): string {
  return `${prefix}{${route}:failures}:hot`;
}

/** What operators have switched for a route. */
export function controlKey(prefix: string, route: string): string {
  return `${prefix}{${route}}:control`;
}

/** How many probes each shard may have in flight while the route's breaker is open. */
export function probesKey(prefix: string, route: string): string {
  return `${prefix}{${route}}:probes`;
}

/** What each replica has seen of the route's outcomes lately. */
export function outcomesKey(prefix: string, route: string): string {
  return `${prefix}{${route}}:outcomes`;
}

/** What a shard has in flight: one of its keys. */
export function flightKey(prefix: string, route: string, partition: number): string {
  return shardKeys(prefix, route, partition)[NAMES.indexOf('flight')] ?? '';
}

/** Where a script tells the shard's owner that something is due earlier than before. */
export function wakeChannel(prefix: string, route: string, partition: number | '*'): string {
  return `${prefix}{${route}:${String(partition)}}:meta`;
}

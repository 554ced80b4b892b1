/**
 * Every command of Redis that the service sends or its scripts run: what its user has to be allowed. A test holds it against
 * the scripts, and against a Redis whose user may do nothing else.
 */
export const REDIS_COMMANDS = [
  ...['info', 'ping', 'time', 'select', 'psubscribe', 'publish'],
  ...['eval', 'evalsha', 'script|load', 'script|exists', 'multi', 'exec'],
  ...['bitfield', 'bitpos', 'del', 'exists', 'get', 'getrange', 'pexpire', 'pttl', 'set', 'unlink'],
  ...['hdel', 'hexists', 'hget', 'hgetall', 'hkeys', 'hlen', 'hmget', 'hscan', 'hset', 'hsetnx', 'hstrlen'],
  ...['zadd', 'zcard', 'zcount', 'zincrby', 'zlexcount', 'zmscore', 'zpopmin', 'zrange', 'zrangebylex'],
  ...['zrangebyscore', 'zrem', 'zremrangebyscore', 'zrevrange', 'zrevrangebylex', 'zscore'],
  ...['xadd', 'xrevrange', 'xtrim'],
] as const;

/** Asked in a Cluster only. */
export const CLUSTER_COMMANDS = ['cluster|slots', 'cluster|shards'] as const;

/** The words of an ACL that allow it, from `on` to the last command; the password is to be added. */
export function redisRules(keyPrefix: string, cluster: boolean): string[] {
  const commands = [...REDIS_COMMANDS, ...(cluster ? CLUSTER_COMMANDS : [])].map((name) => `+${name}`);
  return ['on', `~${keyPrefix}*`, `&${keyPrefix}{*:*}:meta`, '-@all', ...commands];
}

import { means } from './log-event.ts';

export const redisEvents = {
  redis_ready: means('info', 'A connection to Redis is there; `runId` names the server process.'),
  redis_error: means(
    'warn',
    'A connection to Redis failed; it is tried again, and told once for each kind of error.',
    'See `error`; keys that are not locked go on meanwhile.',
  ),
  redis_evicts: means(
    'error',
    'Redis throws keys away when memory is short, and would lose locks silently.',
    'Set `maxmemory-policy noeviction`.',
  ),
} as const;

import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedis } from '../../../dev/stack/redis.ts';

test('a killed Redis comes back at the same address, with its data if it has an append-only file', async () => {
  await using server = await startRedis({ appendOnly: true, args: ['--appendfsync', 'always'] });
  await once(server.url, (redis) => redis.set('key', 'value'));

  await server.process.kill();
  await server.process.start();

  await expect(once(server.url, (redis) => redis.get('key'))).resolves.toBe('value');
});

test('a Redis that cannot start rejects with its log', async () => {
  await expect(startRedis({ args: ['--no-such-option', '1'] })).rejects.toThrow(/no-such-option/);
});

async function once<T>(url: string, command: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await command(redis);
  } finally {
    redis.disconnect();
  }
}

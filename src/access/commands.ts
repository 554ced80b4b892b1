import type { RedisConfig } from '../config/config.ts';
import type { Need } from './needs.ts';
import { redisRules } from './redis-commands.ts';

/** Commands of Kafka's own tool that allow all of it: one for each topic and group. `principal`: `User:retries`. */
export function aclCommands(
  needs: readonly Need[],
  { brokers, principal }: { readonly brokers: readonly string[]; readonly principal: string },
): string[] {
  const operations = new Map<string, Set<string>>();
  for (const { resource, name, operation } of needs) {
    const place = `--${resource} ${name}`;
    operations.set(place, (operations.get(place) ?? new Set<string>()).add(operation));
  }
  return [...operations].map(([place, each]) =>
    [
      `kafka-acls.sh --bootstrap-server ${brokers.join(',')} --add --allow-principal ${principal}`,
      ...[...each].map((operation) => `--operation ${operation}`),
      place,
    ].join(' '),
  );
}

/** Who the service is to Kafka, as far as its settings say. */
export function principalOf(librdkafka: Readonly<Record<string, unknown>>): string {
  const { 'sasl.username': username } = librdkafka;
  return `User:${typeof username === 'string' ? username : 'NAME'}`;
}

/** The line of Redis' ACL for the same. */
export function redisCommand(redis: RedisConfig): string {
  const user = (redis.kind === 'url' ? redis.access?.username : redis.access.username) ?? 'NAME';
  const words = redisRules(redis.keyPrefix, redis.kind === 'cluster');
  return `ACL SETUSER ${user} ${words.join(' ')} ><password>`;
}

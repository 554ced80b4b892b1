import { deadLetterEvents } from './dead-letter-events.ts';
import { decisionEvents } from './decision-events.ts';
import { kafkaEvents } from './kafka-events.ts';
import type { LogEventMeaning } from './log-event.ts';
import { operatorEvents } from './operator-events.ts';
import { processEvents } from './process-events.ts';
import { protectionEvents } from './protection-events.ts';
import { redisEvents } from './redis-events.ts';
import { shardEvents } from './shard-events.ts';

/** All events that a line of the log may have, by what they are about. */
export const logEventGroups = {
  'The process': processEvents,
  'Operators and the API': operatorEvents,
  'Decisions about messages': decisionEvents,
  Shards: shardEvents,
  Protection: protectionEvents,
  'Dead letters and redrives': deadLetterEvents,
  Kafka: kafkaEvents,
  Redis: redisEvents,
} as const satisfies Record<string, Readonly<Record<string, LogEventMeaning>>>;

type Groups = typeof logEventGroups;

/** The name of an event. */
export type LogEvent = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];

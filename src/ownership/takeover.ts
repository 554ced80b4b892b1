import type { TopicIds } from '../domain/topic-ids.ts';
import type { Journal } from '../journal/journal.ts';
import type { Range } from '../kafka/offsets.ts';
import { accepted, type OwnerBox, type Remade, type Takeover } from '../penalty-box/owner-box.ts';
import { rebuildFrom, remadeTopics } from './remade-topics.ts';
import { salvage } from './salvage.ts';
import type { ShardDeps } from './shard-deps.ts';

/** A shard that has a new owner, and how that one goes on. Offsets of the retry partition. */
export interface TakenOver {
  readonly topics: TopicIds;
  readonly range: Range;
  /** The next one to read. */
  readonly cursor: number;
  /** Redis has lost the shard: it is rebuilt by reading up to there; null: Redis has all of it. */
  readonly rebuiltTo: number | null;
  readonly nextDue: number | null;
}

/**
 * Makes this replica the owner: nothing that an owner before still does counts from here on. Where Redis has lost the
 * shard, it is left empty, with its cursor where the rebuild begins.
 */
export async function takeOver(
  partition: number,
  box: OwnerBox,
  journal: Journal,
  deps: ShardDeps,
): Promise<TakenOver> {
  const { checkpoint, commit, logger, topicIds } = deps;
  const topics = await topicIds();
  const takeover = await box.takeOver(topics);
  const { cursor, nextDue } = takeover;
  await journal.open();
  const { committed, range } = await checkpoint();
  const remade = remadeTopics(takeover, topics, range);
  if (cursor !== null && remade === null) return { topics, range, cursor, rebuiltTo: null, nextDue };

  const salvagedTo = remade && (await salvageRemade(partition, box, deps, remade, takeover));
  const from = rebuildFrom(takeover, topics, committed, range, remade);
  // So that a rebuild begun anew does not go back to what was written again under other origins.
  if (remade?.main === true) await commit(from);
  accepted(await box.reset(from), 'reset');
  const to = salvagedTo ?? range.end;
  logger.info({ event: 'shard_rebuilding', partition, from, to }, 'rebuilding from Kafka');
  return { topics, range, cursor: from, rebuiltTo: to, nextDue };
}

/** Redis has the last copies: writes them to Kafka, and answers where they end there. */
async function salvageRemade(
  partition: number,
  box: OwnerBox,
  deps: ShardDeps,
  remade: Remade,
  { madeFrom }: Takeover,
): Promise<number> {
  const { logger, destinations, retryTopic, checkpoint } = deps;
  const { route, home } = destinations;
  const topics = [...(remade.retry ? [retryTopic] : []), ...(remade.main ? [home.topic] : [])];
  logger.error(
    { event: 'topic_remade', partition, topics },
    `${topics.join(' and ')} was deleted and made anew, or has lost its end: what Redis still holds is written to ${retryTopic} again`,
  );
  accepted(await box.freeze(remade), 'freeze');
  const originTopic = remade.main ? `${home.topic}@${madeFrom.main || 'before'}` : home.topic;
  const found = await salvage({ ...deps, box, route, home, originTopic });
  logger.warn(
    { event: 'shard_salvaged', partition, ...found },
    'what Redis held is in the retry topic; what was only announced is left to its consumers',
  );
  return (await checkpoint()).range.end;
}

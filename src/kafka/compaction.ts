import type { RouteConfig } from '../config/config.ts';
import type { Read, TopicSettings } from './cluster-view.ts';

/** A topic that must not be compacted, and what would become of the route. */
export interface Compaction {
  readonly topic: string;
  readonly cost: string;
  /** Retries themselves are at stake, not only what was given up. */
  readonly stopsRetries: boolean;
}

export function isCompacted(settings: TopicSettings): boolean {
  return (settings['cleanup.policy'] ?? '').split(',').some((policy) => policy.trim() === 'compact');
}

/** Pure. What can not be read is left out: it is told elsewhere. */
export function compactions(
  { topic, retryTopic, deadLetterTopic, redelivery }: RouteConfig,
  settings: ReadonlyMap<string, Read<TopicSettings>>,
): Compaction[] {
  const target = redelivery.topic ?? topic;
  const costs = new Map([
    [retryTopic, 'only the last message of each key that waits would be kept'],
    [target, 'retries go there, and a retry would become the latest value of its key'],
    [deadLetterTopic, 'only the last dead letter of each key would be kept'],
  ]);
  return [...costs].flatMap(([name, cost]) => {
    const seen = settings.get(name);
    if (seen?.kind !== 'read' || !isCompacted(seen.value)) return [];
    return [{ topic: name, cost, stopsRetries: name !== deadLetterTopic }];
  });
}

import type { ClusterView, Read } from '../kafka/cluster-view.ts';
import { whyOf } from '../kafka/cluster-view.ts';
import type { KafkaOffsets } from '../kafka/offsets.ts';
import type { TopicSeen } from './topics-seen.ts';

/** `view`: or why there is none. */
export async function readTopics(
  names: readonly string[],
  offsets: Pick<KafkaOffsets, 'topics'>,
  view: Read<ClusterView>,
): Promise<Map<string, TopicSeen>> {
  const found = await offsets.topics([...new Set(names)]);
  const there = [...found.keys()];
  if (view.kind === 'unreadable') {
    return new Map(
      [...found].map(([name, { partitions }]) => [name, { partitions, replicas: view, settings: view }]),
    );
  }
  const [settings, replicas] = await Promise.all([
    view.value.settings(there),
    view.value.replicas(there).catch((error: unknown) => whyOf(error)),
  ]);
  const unsaid = { kind: 'unreadable', why: 'the broker does not say' } as const;
  return new Map(
    [...found].map(([name, { partitions }]): [string, TopicSeen] => {
      const count = typeof replicas === 'string' ? undefined : replicas.get(name);
      return [
        name,
        {
          partitions,
          settings: settings.get(name) ?? unsaid,
          replicas:
            typeof replicas === 'string'
              ? { kind: 'unreadable', why: replicas }
              : count === undefined
                ? unsaid
                : { kind: 'read', value: count },
        },
      ];
    }),
  );
}

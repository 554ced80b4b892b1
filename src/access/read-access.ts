import { UnsupportedAccess } from '../kafka/admin-access.ts';
import type { ClusterView } from '../kafka/cluster-view.ts';
import type { KafkaOffsets } from '../kafka/offsets.ts';
import type { Need, Operation } from './needs.ts';

/** Codes of operations that are allowed, as Kafka counts them; null: it does not say, or there is no such topic. */
type Allowed = readonly number[] | null;

/** Both reject where Kafka does not answer. */
interface Sources {
  readonly topic: (name: string) => Promise<Allowed>;
  readonly group: (name: string) => Promise<Allowed>;
}

const CODES: Readonly<Record<Operation, number>> = { Read: 3, Write: 4, Describe: 8, DescribeConfigs: 10 };

/** Those that are not allowed. What nobody can tell is taken for allowed. Rejects where Kafka does not answer. */
export async function missingOf(needs: readonly Need[], sources: Sources): Promise<readonly Need[]> {
  const asked = new Map<string, Promise<Allowed>>();
  const allowedOn = ({ resource, name }: Need): Promise<Allowed> => {
    const place = `${resource} ${name}`;
    const answer = asked.get(place) ?? sources[resource](name);
    asked.set(place, answer);
    return answer;
  };
  const answers = await Promise.allSettled(needs.map(allowedOn));
  return needs.filter(({ operation }, index) => {
    const answer = answers[index];
    // Told only now, when nothing is being asked any more: our caller closes the connection, and a request that is under way
    // would open another one.
    if (answer?.status === 'rejected') throw answer.reason;
    const allowed = answer?.value ?? null;
    return allowed !== null && !allowed.includes(CODES[operation]);
  });
}

/** The same, asked of Kafka. Of groups nobody can tell where the second client can't log in as the first one does. */
export async function readMissing(
  needs: readonly Need[],
  {
    offsets,
    open,
  }: {
    readonly offsets: Pick<KafkaOffsets, 'operationsOn'>;
    readonly open: () => Promise<Pick<ClusterView, 'operationsOnGroup' | 'close'>>;
  },
): Promise<readonly Need[]> {
  const view = await open().catch((error: unknown) => {
    if (error instanceof UnsupportedAccess) return null;
    throw error;
  });
  try {
    return await missingOf(needs, {
      topic: (name) => offsets.operationsOn(name),
      // A coordinator that is not there yet says nothing; the topics are told all the same.
      group: (name) => view?.operationsOnGroup(name).catch(() => null) ?? Promise.resolve(null),
    });
  } finally {
    await view?.close();
  }
}

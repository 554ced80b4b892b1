import type { Admin } from '@platformatic/kafka';

/** A group of the classic protocol, as its coordinator tells of it. */
export interface DescribedGroup {
  /** `Dead`: there is none. */
  readonly state: string;
  /** As bits; see `operationsOnGroup`. */
  readonly operations: number;
  readonly members: readonly {
    readonly clientId: string;
    readonly host: string;
    /** null: it does not say. */
    readonly topics: readonly string[] | null;
  }[];
}

const GROUP = 0;

/**
 * Asks the coordinator itself. The client's own `describeGroups` also reads what the members were assigned, and throws where
 * nobody can catch it when a member is one of Java's, whose user data is null: the process would end.
 */
export async function describeGroup(admin: Admin, id: string, operations: boolean): Promise<DescribedGroup> {
  const { describeGroupsV5, Reader } = await import('@platformatic/kafka');
  const [coordinator] = await admin.findCoordinator({ keyType: GROUP, keys: [id] });
  const nodeId = coordinator?.nodeId ?? -1;
  // Nobody would close what is opened now.
  if (admin.closed) throw new Error(`nobody waits for group ${id} any more`);
  const connection = (await admin.connectToBrokers([nodeId])).get(nodeId);
  if (connection === undefined) throw new Error(`the coordinator of group ${id} is not known`);
  const { groups } = await describeGroupsV5.api.async(connection, [id], operations);
  const [group] = groups;
  if (group === undefined) throw new Error(`the coordinator of group ${id} did not tell of it`);
  return {
    state: group.groupState,
    operations: group.authorizedOperations,
    members: group.members.map(({ clientId, clientHost, memberMetadata }) => ({
      clientId,
      host: clientHost.replace(/^\//, ''),
      topics: memberMetadata.length === 0 ? null : topicsIn(Reader.from(memberMetadata)),
    })),
  };
}

/** What a member subscribed to: a version, then topics. What comes behind them is not of interest. */
function topicsIn(metadata: {
  skip(bytes: number): unknown;
  readInt32(): number;
  readString(compact: boolean): string;
}): string[] {
  metadata.skip(2);
  return Array.from({ length: metadata.readInt32() }, () => metadata.readString(false));
}

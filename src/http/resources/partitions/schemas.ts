import { Type } from 'typebox';
import { nullable } from '../../schemas.ts';

const Count = nullable(Type.Integer({ description: 'null: nobody can say now.' }));

export const PartitionList = Type.Object({
  partitions: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      owned: Type.Boolean({ description: 'By the replica that answers.' }),
      restored: Type.Boolean({ description: 'Its state is in Redis; false while it is being restored.' }),
      lockedKeys: Count,
      heldMessages: Count,
      heldBytes: Count,
      pending: nullable(Type.Integer({ description: 'Announced, and not read from the retry topic yet.' })),
      inFlight: Count,
      parked: Count,
      dueNow: nullable(Type.Integer({ description: 'Keys that may be redelivered, and are not yet.' })),
      oldestLockAgeMs: nullable(Type.Integer({ description: 'null: there is no lock.' })),
      ingestLag: nullable(Type.Integer({ description: 'Retry records that were not read yet.' })),
      consumerLag: nullable(
        Type.Integer({ description: 'Records of the main topic that the group has not committed past.' }),
      ),
      claimant: Type.Union([
        Type.Null(),
        Type.Object({
          consumerId: Type.String(),
          renewedMsAgo: Type.Integer(),
          alive: Type.Boolean({ description: 'Heard of within claimTtl.' }),
        }),
      ]),
    }),
  ),
});

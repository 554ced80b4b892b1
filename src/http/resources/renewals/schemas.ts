import { Type } from 'typebox';
import { BATCH, Key, oneOf, OutstandingList, TICKET_EXAMPLE } from '../../schemas.ts';

export const RenewalBody = Type.Object(
  {
    consumerId: Type.String({ minLength: 1, maxLength: 1_024 }),
    claims: Type.Array(
      Type.Object({
        partition: Type.Integer(),
        claimEpoch: Type.String(),
        incarnation: Type.String(),
        seen: Type.Integer({ minimum: 0, description: 'As the last answer gave it.' }),
        outstanding: OutstandingList,
      }),
      { maxItems: BATCH },
    ),
  },
  {
    examples: [
      { consumerId: 'orders-service-7c9f', claims: [{ partition: 2, ...TICKET_EXAMPLE, seen: 17 }] },
    ],
  },
);

export const Renewed = Type.Object({
  claims: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      status: oneOf('held', 'fenced', 'claim-again'),
      lockedKeys: Type.Array(Key, {
        description: "Locked since `seen` otherwise than through this claimant's calls.",
      }),
      unlockedKeys: Type.Array(Key),
      seen: Type.Integer(),
    }),
  ),
});

import { Type } from 'typebox';
import { Key, OutstandingList } from '../../schemas.ts';

export const ClaimBody = Type.Object(
  {
    consumerId: Type.String({
      minLength: 1,
      maxLength: 1_024,
      description: 'Names one start of one process.',
    }),
    generation: Type.Optional(
      Type.Integer({ minimum: 0, description: "The consumer group's, where it is known." }),
    ),
    call: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Rises with every claim of this consumer.' }),
    ),
    canHold: Type.Optional(
      Type.Boolean({
        description:
          'It keeps records with the verdict `hold` in memory, uncommitted, and asks again. Goes for this claim.',
      }),
    ),
    outstanding: OutstandingList,
  },
  { examples: [{ consumerId: 'orders-service-7c9f', generation: 12, call: 1 }] },
);

export const Claimed = Type.Object({
  claimEpoch: Type.String(),
  incarnation: Type.String(),
  lockedKeys: Type.Array(Key, { description: 'Locked and known keys.' }),
  complete: Type.Boolean({ description: 'false: the list was too long; ask about every key.' }),
  nullKeyUpTo: Type.Integer({ description: 'Ask about records without a key up to this offset.' }),
  seen: Type.Integer(),
});

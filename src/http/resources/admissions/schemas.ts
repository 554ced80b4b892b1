import { Type } from 'typebox';
import { BATCH, GivenHeaders, keyProperties, Offset, oneOf, TICKET_EXAMPLE } from '../../schemas.ts';

export const AdmissionBody = Type.Object(
  {
    claimEpoch: Type.String({ description: 'As the claim gave it.' }),
    incarnation: Type.String({ description: 'As the claim gave it.' }),
    records: Type.Array(
      Type.Object({
        ...keyProperties,
        offset: Offset,
        delivery: Type.Optional(Type.String({ description: '`x-retry-delivery`, where the record has it.' })),
        hold: Type.Optional(
          Type.Boolean({
            description:
              'false: the answer must not be `hold`; for who has held the record for long enough, or has no room.',
          }),
        ),
      }),
      { maxItems: BATCH },
    ),
  },
  { examples: [{ ...TICKET_EXAMPLE, records: [{ key: 'Order-101', offset: 41 }] }] },
);

export const Verdicts = Type.Object({
  verdicts: Type.Array(
    Type.Object({
      verdict: oneOf('process', 'skip', 'redirect', 'hold', 'wait'),
      headers: Type.Optional(GivenHeaders),
    }),
    { description: 'One for each record, in its order.' },
  ),
});

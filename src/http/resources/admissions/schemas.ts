import { Type } from 'typebox';
import { BATCH, GivenHeaders, keyProperties, Offset, oneOf } from '../../schemas.ts';

export const AdmissionBody = Type.Object({
  claimEpoch: Type.String(),
  incarnation: Type.String(),
  records: Type.Array(
    Type.Object({
      ...keyProperties,
      offset: Offset,
      delivery: Type.Optional(Type.String({ description: '`x-retry-delivery`, where the record has it.' })),
    }),
    { maxItems: BATCH },
  ),
});

export const Verdicts = Type.Object({
  verdicts: Type.Array(
    Type.Object({
      verdict: oneOf('process', 'skip', 'redirect', 'wait'),
      headers: Type.Optional(GivenHeaders),
    }),
    { description: 'One for each record, in its order.' },
  ),
});

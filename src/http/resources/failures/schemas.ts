import { Type } from 'typebox';
import { oneOf } from '../../schemas.ts';

export const FailuresQuery = Type.Object({
  sort: Type.Optional(oneOf('count', 'last')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: '50 unless given.' })),
});

const Time = Type.Integer({ description: 'Epoch ms.' });

export const FailureList = Type.Object({
  failures: Type.Array(
    Type.Object({
      errorClass: Type.String(),
      shape: Type.String({ description: 'The message, with numbers, ids and what is quoted masked.' }),
      count: Type.Integer({ description: 'Failed attempts.' }),
      firstSeen: Time,
      lastSeen: Time,
      example: Type.String({ description: 'The message of the first of them, as it came.' }),
    }),
    { description: 'The 500 kinds that were seen last. A statistic: a second of it may be missing.' },
  ),
});

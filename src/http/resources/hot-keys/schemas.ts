import { Type } from 'typebox';
import { keyProperties, nullable, oneOf } from '../../schemas.ts';

export const HotKeysQuery = Type.Object({
  by: Type.Optional(oneOf('held', 'failures')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: '20 unless given.' })),
});

export const HotKeys = Type.Object({
  by: oneOf('held', 'failures'),
  at: Type.Integer({ description: 'When it was looked at, epoch ms; at most five seconds ago.' }),
  since: nullable(
    Type.Integer({
      description: 'By failures: what failed since then is counted, five to ten minutes. By held: null.',
    }),
  ),
  total: Type.Integer({ description: 'Held messages, or failures, of all keys.' }),
  othersAtMost: Type.Integer({ description: 'What a key that is not listed may have.' }),
  without: Type.Array(Type.Integer(), {
    description: 'By held: partitions that could not be looked at, since they are being restored.',
  }),
  keys: Type.Array(
    Type.Object({
      ...keyProperties,
      partition: Type.Integer(),
      count: Type.Integer({ description: 'Held messages, or failures.' }),
      error: Type.Integer({
        description: 'The true number is between count - error and count. By held: 0.',
      }),
      share: Type.Number({ description: 'Of the total, from 0 to 1.' }),
    }),
    { description: 'The hottest first. Of all replicas together.' },
  ),
});

import type { Schema } from '../schema.ts';

export const eventsSettings = {
  topic: {
    format: 'topic',
    doc: 'Where lifecycle events go, as CloudEvents. `null`: none are written.',
    default: null,
    nullable: true,
  },
} satisfies Schema;

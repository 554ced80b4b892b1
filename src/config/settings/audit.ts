import type { Schema } from '../schema.ts';

export const auditSettings = {
  topic: {
    format: 'topic',
    nullable: true,
    doc: 'What operators do is written to this Kafka topic as well, as JSON, with the route as its key. It is not created.',
    default: null,
  },
  kept: {
    format: 'integer',
    min: 1,
    doc: 'How many deeds of operators Redis keeps for `GET /v1/audit`; the oldest go first.',
    default: 10_000,
  },
} satisfies Schema;

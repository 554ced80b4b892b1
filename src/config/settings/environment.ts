import type { Schema } from '../schema.ts';

/** What keeps a service away from what belongs to another environment. At the top of the file. */
export const environmentSettings = {
  environment: {
    format: 'environment name',
    doc: 'The name of the environment, such as `staging`: on every line of the log, on every metric and at the end of `client.id`.',
    default: null,
    nullable: true,
  },
  topicPattern: {
    format: 'name patterns',
    doc: 'What all topics, consumer groups and `kafka.groupPrefix` must look like: patterns with `*`, or `/a regular expression/` for the whole name; one of them has to fit. Others are configuration errors.',
    default: null,
    nullable: true,
  },
} satisfies Schema;

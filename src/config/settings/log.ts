import type { Schema } from '../schema.ts';

export const logSettings = {
  level: {
    format: 'log level',
    doc: 'The least important lines that are written.',
    default: 'info',
    env: 'LOG_LEVEL',
  },
  keys: {
    format: 'boolean',
    doc: 'The keys of messages may stand in the log: in the lines of the audit. Payloads and tokens never do.',
    default: false,
  },
} satisfies Schema;

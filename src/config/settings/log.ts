import type { Schema } from '../schema.ts';

export const logSettings = {
  level: {
    format: 'log level',
    doc: 'The least important lines that are written.',
    default: 'info',
    env: 'LOG_LEVEL',
  },
} satisfies Schema;

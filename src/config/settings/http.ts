import type { Schema } from '../schema.ts';

export const httpSettings = {
  host: { format: 'host', doc: 'The address to listen on.', default: '0.0.0.0' },
  port: {
    format: 'port',
    doc: 'The port to listen on; 0 takes any free one.',
    default: 8080,
    env: 'HTTP_PORT',
  },
} satisfies Schema;

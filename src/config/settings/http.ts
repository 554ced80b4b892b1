import type { Schema } from '../schema.ts';

/** What `auth` holds is in settings/auth.ts. */
export const httpSettings = {
  host: { format: 'host', doc: 'The address to listen on.', default: '0.0.0.0' },
  port: {
    format: 'port',
    doc: 'The port to listen on; 0 takes any free one.',
    default: 8080,
    env: 'HTTP_PORT',
  },
  trustProxy: {
    format: 'boolean',
    doc: 'Take the address of a caller from `X-Forwarded-For`. Only behind a proxy that sets it: anybody else could forge it.',
    default: false,
  },
  auth: {
    format: 'authentication',
    nullable: true,
    doc: 'Who may call: see `http.auth` below. `none` lets everybody in, and says that this is meant. Required where `environment` is `production`.',
    default: null,
    defaultDoc: 'everybody may, with a warning',
  },
  limits: {
    callsPerMinute: {
      format: 'integer',
      min: 1,
      nullable: true,
      doc: 'Calls that look or act, for each token, or each address without one. Beyond it: 429.',
      default: null,
      defaultDoc: '6000 with `http.auth`, else no limit',
    },
    gateCallsPerMinute: {
      format: 'integer',
      min: 1,
      nullable: true,
      doc: 'Calls of the gate, likewise. A consumer that is refused one holds its records back.',
      default: null,
    },
    refusalsPerMinute: {
      format: 'integer',
      min: 1,
      doc: 'How often an address is told why it may not (401, 403) before it is told to wait (429). Those who may are let in all the same.',
      default: 60,
    },
  },
} satisfies Schema;

import type { Schema } from '../schema.ts';

export const notifySettings = {
  url: {
    format: 'webhook url',
    doc: 'Where to tell that messages failed for good, or that dead letters parked keys. A secret: it is never shown. `null`, without `urlFile`: nobody is told.',
    default: null,
    nullable: true,
    env: 'NOTIFY_URL',
  },
  urlFile: {
    format: 'path',
    doc: 'Instead of `url`: a file that holds it and nothing else.',
    default: null,
    nullable: true,
  },
  format: {
    format: 'notification format',
    doc: '`json`: all there is, for programs. `slack` (Mattermost and Rocket.Chat take it too) and `teams`: a text for people.',
    default: 'json',
  },
  interval: {
    format: 'duration',
    min: 1,
    doc: 'At most one notification of a route in this time, of all replicas together; the first one at once.',
    default: '5m',
  },
  keys: {
    format: 'boolean',
    doc: 'Whether examples name the key of the message.',
    default: false,
  },
  link: {
    format: 'link template',
    doc: 'A link for each example: a URL with `{route}`, `{partition}`, `{offset}` (of the origin) and, with `keys: true`, `{key}`.',
    default: null,
    nullable: true,
  },
} satisfies Schema;

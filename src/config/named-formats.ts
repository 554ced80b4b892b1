import {
  address,
  authentication,
  boolean,
  commaList,
  consumerGroup,
  duration,
  type Format,
  listOf,
  number,
  oneOf,
  redisUrl,
  routeList,
  routeName,
  scalars,
  secret,
  size,
  text,
  tokenList,
  topicName,
  webUrl,
} from './formats.ts';
import { LOG_LEVELS } from '../log-level.ts';
import { namePatterns } from './name-patterns.ts';
import { linkTemplate, webhookUrl } from './web-formats.ts';

/** What a setting may ask of its format. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
}

const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
];

/** The formats, by the name that the schemas in settings/ call them. */
const namedFormats = {
  'address list': () => commaList(address),
  'after dead letter': () => oneOf('continue', 'hold'),
  authentication: () => authentication,
  boolean: () => boolean,
  'broker list': () => commaList(text('broker', /^[^\s,]+$/, 'a broker like host:9092')),
  claim: () => text('text', /^[^\s.]+(\.[^\s.]+)*$/, 'the name of a claim'),
  'cluster id': () => text('text', /^\S+$/, 'a cluster id without spaces'),
  'client id': () => text('text', /\S/, 'a name'),
  'consumer group': () => consumerGroup,
  duration,
  'environment name': () =>
    text('text', /^[a-zA-Z0-9._-]{1,63}$/, 'a name of 1 to 63 of a-z, A-Z, 0-9, ".", "_" and "-"'),
  'group instance id': () => text('text', /^\S+$/, 'a name without spaces'),
  'group prefix': () => text('text', /^\S+$/, 'a name without spaces'),
  host: () => text('text', /^\S+$/, 'a host name or an address'),
  integer: (limits: Limits) => number(limits),
  // Of those with a shared secret, the secret would be the issuer's published key.
  'jwt algorithm list': () => listOf(oneOf(...ALGORITHMS)),
  // A brace in the prefix would become the hash tag, and the keys of a shard would no longer share a slot.
  'key prefix': () => text('text', /^[^{}\s]*$/, 'a prefix without braces and spaces'),
  'link template': () => linkTemplate,
  'log level': () => oneOf(...LOG_LEVELS),
  'map of scalars': () => scalars,
  'name patterns': () => namePatterns,
  'notification format': () => oneOf('json', 'slack', 'teams'),
  number: (limits: Limits) => number({ ...limits, fractions: true }),
  ordering: () => oneOf('key', 'none'),
  path: () => text('path', /\S/, 'the path of a file'),
  port: () => number({ max: 65_535 }),
  'redis url': () => redisUrl,
  'route list': () => routeList,
  'route name': () => routeName,
  'scope list': () => listOf(oneOf('gate', 'read', 'operate')),
  'sasl mechanism': () => oneOf('SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'),
  schedule: () => listOf(duration()),
  secret: () => secret,
  'sentinel name': () => text('text', /^\S+$/, 'a name without spaces'),
  size,
  'text list': () => listOf(text('text', /\S/, 'a text')),
  'token list': () => tokenList,
  'token name': () => text('text', /^\S{1,100}$/, 'a name of up to 100 characters without spaces'),
  topic: () => topicName,
  'user name': () => text('text', /^\S+$/, 'a name without spaces'),
  'variable name': () => text('text', /^[A-Za-z_]\w*$/, 'the name of an environment variable'),
  'web url': () => webUrl,
  'webhook url': () => webhookUrl,
} satisfies Record<string, (limits: Limits) => Format<unknown>>;

export type FormatName = keyof typeof namedFormats;

/** What a value of the format becomes. */
export type FormatValue<Name extends FormatName> = ReturnType<
  ReturnType<(typeof namedFormats)[Name]>['parse']
>;

export const formatNames = Object.keys(namedFormats) as FormatName[];

export function formatOf(setting: Limits & { readonly format: FormatName }): Format<unknown> {
  return namedFormats[setting.format](setting);
}

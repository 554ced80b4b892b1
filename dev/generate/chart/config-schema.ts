import { settings } from '../../../src/config/load-config.ts';
import type { FormatName, Limits } from '../../../src/config/named-formats.ts';
import { isSection, openSettings, type Schema, type Section, sectionOf } from '../../../src/config/schema.ts';
import { authSettings, tokenSettings } from '../../../src/config/settings/auth.ts';
import { routeSettings } from '../../../src/config/settings/route.ts';
import { LOG_LEVELS } from '../../../src/log-level.ts';
import type { JsonSchema } from './json-schema.ts';

const anyText: JsonSchema = { type: 'string', minLength: 1 };
const form = (pattern: string): JsonSchema => ({ type: 'string', pattern });
const oneOf = (...options: string[]): JsonSchema => ({ type: 'string', enum: options });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', minItems: 1, items });
const range = (type: string, { min = 0, max }: Limits): JsonSchema => ({
  type,
  minimum: min,
  ...(max === undefined ? {} : { maximum: max }),
});

const NAME = form('^\\S+$');
const DURATION = form('^\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)$|^0$');

/**
 * What a value in the file looks like. Helm's regular expressions are Go's, without look-ahead: what they can't say is left
 * to the service, whose word is the last in any case.
 */
const schemas: Record<FormatName, (limits: Limits) => JsonSchema> = {
  'address list': () => listOf(form('^(\\[[^\\]\\s]+\\]|[^\\s:@/]+):\\d+$')),
  'after dead letter': () => oneOf('continue', 'hold'),
  // `none`, or the map.
  authentication: () => ({ ...mapOf(authSettings), type: ['object', 'string'], pattern: '^none$' }),
  boolean: () => ({ type: 'boolean' }),
  'broker list': () => listOf(form('^[^\\s,]+$')),
  claim: () => NAME,
  'cluster id': () => NAME,
  'client id': () => anyText,
  'consumer group': () => anyText,
  duration: () => DURATION,
  'environment name': () => form('^[a-zA-Z0-9._-]{1,63}$'),
  'group instance id': () => NAME,
  'group prefix': () => NAME,
  host: () => NAME,
  integer: (limits) => range('integer', limits),
  'jwt algorithm list': () => listOf(anyText),
  'key prefix': () => form('^[^{}\\s]*$'),
  'link template': () => form('^https?://'),
  'log level': () => oneOf(...LOG_LEVELS),
  'map of scalars': () => ({
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean'] },
  }),
  'name patterns': () => ({ type: ['string', 'array'], items: anyText }),
  'notification format': () => oneOf('json', 'slack', 'teams'),
  number: (limits) => range('number', limits),
  ordering: () => oneOf('key', 'none'),
  path: () => anyText,
  port: () => range('integer', { max: 65_535 }),
  'redis url': () => form('^rediss?://'),
  'route list': () => listOf(mapOf(routeSettings)),
  'route name': () => form('^[a-z0-9-]{1,63}$'),
  'scope list': () => listOf(oneOf('gate', 'read', 'operate')),
  'sasl mechanism': () => oneOf('SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'),
  schedule: () => listOf(DURATION),
  secret: () => anyText,
  'sentinel name': () => NAME,
  size: () => form('^\\d+(\\.\\d+)?\\s*(B|KiB|MiB|GiB|TiB)$|^0$'),
  'text list': () => listOf(anyText),
  'token list': () => ({ type: 'array', items: mapOf(tokenSettings) }),
  'token name': () => form('^\\S{1,100}$'),
  topic: () => form('^[a-zA-Z0-9._-]{1,249}$'),
  'user name': () => NAME,
  'variable name': () => form('^[A-Za-z_]\\w*$'),
  'web url': () => form('^https?://'),
  'webhook url': () => form('^https?://'),
};

/** `config` of the chart's values: the service's file, from its own declaration of the settings. */
export function configSchema(): JsonSchema {
  const schema = mapOf(settings);
  const kafka = schema.properties?.['kafka'];
  return {
    ...schema,
    // A broker on localhost, the service's default, makes no sense in a pod.
    properties: { ...schema.properties, kafka: { ...kafka, required: ['brokers'] } },
    required: ['kafka', 'routes'],
  };
}

function mapOf(schema: Schema): JsonSchema {
  return ofSection(sectionOf(openSettings(schema, {})));
}

function ofSection({ _cvtProperties: nodes }: Section): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, node] of Object.entries(nodes)) {
    if (isSection(node)) {
      const section = ofSection(node);
      // `tls: true` is short for `tls: { enabled: true }`.
      properties[name] = name === 'tls' ? { ...section, type: ['object', 'boolean'] } : section;
    } else {
      const { type, enum: options, ...rest } = schemas[node.format](node);
      const nullable = node.nullable === true;
      properties[name] = {
        type: nullable && type !== undefined ? [type, 'null'].flat() : type,
        ...(options === undefined ? {} : { enum: nullable ? [...options, null] : options }),
        ...rest,
        description: node.doc,
      };
      if (node.default === null && !nullable) required.push(name);
    }
  }
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
  };
}

import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import { ERROR_CODES } from '../../errors.ts';
import type { Scope } from '../app-context.ts';

/** Describes all routes that are added after it. */
export function describeApi(app: FastifyInstance, version: string): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Retry orchestrator',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This service; any replica answers any call.' }],
      tags: [
        { name: 'gate', description: 'What the consumers of a route ask and tell.' },
        { name: 'locks', description: 'What is held, and what an operator can do about it.' },
        { name: 'dead-letters', description: 'What was given up, and how it comes back.' },
        { name: 'routes', description: 'Configuration in force, figures, problems.' },
        { name: 'audit', description: 'What operators did.' },
        { name: 'service', description: 'The service itself.' },
        { name: 'health', description: 'For the platform around the service.' },
      ],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description:
              'A token of the configuration, or a JWT of its issuer, with the scope that the operation names. Not needed while `GET /v1` says `"authentication": "none"`.',
          },
        },
        schemas: { Error: ERROR },
      },
    },
    transform: ({ schema, url, route }) => ({ schema: described(schema, route), url }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      describeRefusals(document.openapiObject.paths as Paths);
      return document.openapiObject;
    },
  });
}

const DESCRIPTION = `Delayed retries for Apache Kafka that keep the order of every key.

Keys are bytes: \`key\` where they are UTF-8, else \`keyBase64\`. Times are epoch ms. Every refusal is
\`{code, message, retryable}\`; one that comes with \`Retry-After\` says when to ask again.`;

const ERROR = {
  type: 'object' as const,
  description: 'What every refusal looks like.',
  required: ['code', 'message', 'retryable'],
  properties: {
    code: { type: 'string' as const, enum: [...ERROR_CODES] },
    message: { type: 'string' as const, description: 'What is wrong and what to do, for people.' },
    retryable: { type: 'boolean' as const, description: 'The same call may succeed later.' },
  },
  example: { code: 'UNKNOWN_ROUTE', message: 'there is no such route', retryable: false },
};

/** Adds what follows from the scope of a path. */
function described(schema: FastifySchema | undefined, route: RouteOptions): FastifySchema {
  const scope: Scope = route.config?.scope ?? 'operate';
  const given = schema ?? {};
  const operationId = given.operationId ?? nameOf(route);
  if (scope === 'open') return { ...given, operationId, security: [] };
  return { ...given, operationId, security: [{ bearer: [scope] }] };
}

/** `GET /v1/routes/:route/locks` → `getRoutesRouteLocks`, where a path has given itself no name. */
function nameOf({ method, url }: RouteOptions): string {
  const verb = String(method).toLowerCase();
  const words = url.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  return verb + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

interface Operation {
  readonly security?: readonly object[];
  responses?: Record<string, unknown>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const CONTENT = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
const RETRY_AFTER = { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds.' } };

/** What any call may be refused with, said once. */
const REFUSALS = {
  '4XX': { description: 'Refused: `INVALID`, `UNKNOWN_…`, `FENCED`, `TOO_LARGE`.', content: CONTENT },
  '5XX': { description: '`INTERNAL`: something went wrong; the log says what.', content: CONTENT },
  503: {
    description: '`NOT_READY`: the shard is being restored. `UNAVAILABLE`: Kafka or Redis does not answer.',
    headers: RETRY_AFTER,
    content: CONTENT,
  },
};

/** What a call that needs a token may be refused with besides. */
const REFUSALS_WITH_TOKEN = {
  401: {
    description: '`UNAUTHENTICATED`: no token, or none that is good.',
    headers: { 'WWW-Authenticate': { schema: { type: 'string' }, description: 'RFC 6750.' } },
    content: CONTENT,
  },
  403: { description: '`FORBIDDEN`: the token lacks the scope.', content: CONTENT },
  429: { description: '`LIMITED`: too many calls.', headers: RETRY_AFTER, content: CONTENT },
};

/** Says what each operation may refuse, in the place of the answers for all of 4xx and 5xx that its schema gave. */
function describeRefusals(paths: Paths): void {
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    const { responses = {}, security = [] } = operation;
    // /livez and the like have answers of their own.
    if (!('5XX' in responses)) continue;
    operation.responses = {
      ...responses,
      ...REFUSALS,
      ...(security.length === 0 ? {} : REFUSALS_WITH_TOKEN),
    };
  }
}

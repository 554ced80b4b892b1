import { alertGroups } from '../../../grafana/alerts/rule-file.ts';
import { chartValues, type ChartValue } from './chart-values.ts';
import { configSchema } from './config-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const named: JsonSchema = { type: 'object', required: ['name'] };

/** What can't be seen from the value in values.yaml. */
const special: Readonly<Record<string, JsonSchema>> = {
  'autoscaling.kind': { type: 'string', enum: ['none', 'cpu', 'lag'] },
  'autoscaling.partitions': { type: ['integer', 'null'], minimum: 1 },
  'autoscaling.targetCPUUtilization': { type: 'integer', minimum: 1, maximum: 100 },
  extraEnv: { type: 'array', items: named },
  extraVolumeMounts: { type: 'array', items: { type: 'object', required: ['name', 'mountPath'] } },
  extraVolumes: { type: 'array', items: named },
  heapShare: { type: 'number', minimum: 0, maximum: 0.9 },
  'image.digest': { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
  'image.pullPolicy': { type: 'string', enum: ['Always', 'IfNotPresent', 'Never'] },
  // What YAML takes for a number is meant as a name.
  'image.tag': { type: ['string', 'number'] },
  imagePullSecrets: {
    type: 'array',
    items: { ...named, additionalProperties: false, properties: { name: { type: 'string' } } },
  },
  'ingress.hosts': {
    type: 'array',
    items: {
      type: 'object',
      required: ['host'],
      additionalProperties: false,
      properties: {
        host: { type: 'string' },
        paths: {
          type: 'array',
          items: {
            type: 'object',
            required: ['path', 'pathType'],
            additionalProperties: false,
            properties: {
              path: { type: 'string' },
              pathType: { type: 'string', enum: ['Exact', 'ImplementationSpecific', 'Prefix'] },
            },
          },
        },
      },
    },
  },
  'ingress.tls': {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      properties: { secretName: { type: 'string' }, hosts: { type: 'array', items: { type: 'string' } } },
    },
  },
  kind: { type: 'string', enum: ['Deployment', 'StatefulSet'] },
  'networkPolicy.egressPorts': { type: 'array', items: { type: 'integer', minimum: 1, maximum: 65_535 } },
  'podDisruptionBudget.maxUnavailable': { type: ['integer', 'string'], minimum: 0 },
  'prometheusRule.disabled': {
    type: 'array',
    items: { type: 'string', enum: alertGroups().flatMap(({ alerts }) => alerts.map(({ name }) => name)) },
  },
  runbooks: { type: 'string', pattern: '^(https?://.*[^/])?$' },
  'service.port': { type: 'integer', minimum: 1, maximum: 65_535 },
  'service.type': { type: 'string', enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  'strategy.type': { type: 'string', enum: ['RollingUpdate', 'Recreate'] },
  'strategy.rollingUpdate.maxSurge': { type: ['integer', 'string'], minimum: 0 },
  'strategy.rollingUpdate.maxUnavailable': { type: ['integer', 'string'], minimum: 0 },
};

/** helm/retry-orchestrator/values.schema.json. */
export function valuesSchema(): string {
  const schema: JsonSchema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the Helm chart retry-orchestrator',
    ...mapOf(chartValues()),
  };
  // Helm's own, for those who make this chart part of another.
  const properties = { ...schema.properties, global: { type: 'object' } };
  return `${JSON.stringify({ ...schema, properties, required: ['config'] }, null, 2)}\n`;
}

function mapOf(values: readonly ChartValue[]): JsonSchema {
  const properties = values.map((value) => [
    value.path.split('.').at(-1) ?? '',
    { ...schemaOf(value), ...(value.doc === '' ? {} : { description: value.doc }) },
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as Record<string, JsonSchema>,
    additionalProperties: false,
  };
}

function schemaOf({ path, value, members }: ChartValue): JsonSchema {
  if (path === 'config') return configSchema();
  const known = special[path];
  if (known !== undefined) return known;
  if (members.length > 0) return mapOf(members);
  if (Array.isArray(value)) return { type: 'array', items: { type: 'object' } };
  if (typeof value === 'number') return { type: 'integer', minimum: 0 };
  return { type: value === null ? 'string' : typeof value };
}

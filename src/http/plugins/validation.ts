import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { invalid } from '../keys.ts';

interface Problem {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

/**
 * Checks requests against their schemas, compiled once. Bodies are taken as they are: "7" is no number, and a key that
 * looks like one stays text. Only in URLs, which know nothing but text, are whole numbers read where one is expected.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const numbers = httpPart === 'body' ? [] : integersOf(schema);
  const whole = httpPart === 'body' ? 'the body' : 'the request';
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : withNumbers(given, numbers);
    if (validator.Check(value)) return { value };
    return { error: invalid(describe(validator.Errors(value)[0], whole)) };
  };
};

function integersOf(schema: TSchema): string[] {
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> };
  return Object.keys(properties).filter((name) => properties[name]?.type === 'integer');
}

function withNumbers(given: unknown, names: readonly string[]): unknown {
  const value = { ...(given as Record<string, unknown>) };
  for (const name of names) {
    const text = value[name];
    if (typeof text === 'string' && /^-?\d{1,15}$/.test(text)) value[name] = Number(text);
  }
  return value;
}

/** Names the field and never what is in it: `records[3].offset must be integer`. */
function describe(problem: Problem | undefined, whole: string): string {
  if (problem === undefined) return `${whole} is not valid`;
  const path = problem.instancePath
    .slice(1)
    .replaceAll(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');
  const params = problem.params as {
    requiredProperties?: readonly string[];
    allowedValues?: readonly string[];
  };
  if (problem.keyword === 'required') {
    const missing = params.requiredProperties?.[0] ?? 'something';
    return `${path === '' ? missing : `${path}.${missing}`} is missing`;
  }
  const rule = params.allowedValues ? `must be one of ${params.allowedValues.join(', ')}` : problem.message;
  return `${path === '' ? whole : path} ${rule}`;
}

import convict from 'convict';

import { FormatError } from './formats.ts';
import { type FormatName, formatNames, formatOf, type FormatValue, type Limits } from './named-formats.ts';

/** A setting as convict's schemas declare it. */
export interface Setting extends Limits {
  readonly format: FormatName;
  /** What it means, for the reference page: Markdown, one line. */
  readonly doc: string;
  /** As one would write it in the file. `null` without `nullable`: the setting is required. */
  readonly default: unknown;
  readonly nullable?: true;
  /** Where the default depends on other settings: how the reference page shows it. */
  readonly defaultDoc?: string;
  /** The environment variable that overrides the file. */
  readonly env?: string;
}

/** Settings and sections by name. Reading, the typed result and the reference page come from those in settings/. */
export interface Schema {
  readonly [name: string]: Setting | Schema;
}

/** What a section becomes when it is read. */
export type ValuesOf<S> = {
  readonly [Name in keyof S]: S[Name] extends { readonly format: infer F extends FormatName }
    ? FormatValue<F> | (S[Name] extends { readonly nullable: true } ? null : never)
    : ValuesOf<S[Name]>;
};

/** A schema as convict gives it back. */
export interface Section {
  readonly _cvtProperties: Readonly<Record<string, Setting | Section>>;
}

type Settings = convict.Config<Record<string, unknown>>;

/** Defaults, and over them what the environment says. Nothing is checked yet. */
export function openSettings(schema: Schema, env: Readonly<Record<string, string | undefined>>): Settings {
  for (const name of formatNames) convict.addFormat({ name, validate, coerce });
  // An empty variable is how compose files and charts say "not set".
  const set = Object.entries(env).filter(([, value]) => value !== '');
  return convict<Record<string, unknown>>(schema, { env: Object.fromEntries(set), args: [] });
}

export function sectionOf(settings: Settings): Section {
  return settings.getSchema() as unknown as Section;
}

export function isSection(node: Setting | Section): node is Section {
  return '_cvtProperties' in node;
}

/** What is wrong, by the name of the setting. convict tells it as one text, with a line for each. */
export function complaintsOf(settings: Settings): ReadonlyMap<string, string> {
  try {
    settings.validate({ allowed: 'strict' });
    return new Map();
  } catch (error) {
    const lines = (error as Error).message.split('\n');
    return new Map(
      lines.map((line) => {
        const [, name, complaint] = /^([\w.]+): (.*)$/s.exec(line) ?? [];
        if (name === undefined || complaint === undefined) throw error;
        return [name, complaint];
      }),
    );
  }
}

function validate(value: unknown, schema: convict.SchemaObj): void {
  // convict hands over the setting that names the format.
  const setting = schema as convict.SchemaObj & Setting;
  if (value === null && setting.default === null) throw new FormatError(`is required: ${setting.doc}`);
  formatOf(setting).parse(value);
}

/**
 * Values stay as they were written until all of them are checked. convict's own coercion makes 12 of "12abc" and true of
 * "maybe"; and once "10s" was 10000, it could not be told from a 10000 whose unit was forgotten.
 */
function coerce(written: unknown): unknown {
  return written;
}

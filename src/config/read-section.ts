import { closest } from 'fastest-levenshtein';

import { FormatError } from './formats.ts';
import { formatOf } from './named-formats.ts';
import {
  complaintsOf,
  isSection,
  openSettings,
  type Schema,
  type Section,
  sectionOf,
  type Setting,
  type ValuesOf,
} from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Collects what is wrong, so that one look at the file is enough. */
export interface Reading {
  readonly env: Environment;
  /** `path` of a setting, as `routes[0].backoff.max`. */
  problem(path: string, message: string): void;
}

/**
 * Reads a section of the file, with its defaults and its overrides from the environment.
 *
 * What does not fit is reported to `reading`, and its value is then `undefined`, whatever the type says: the result is
 * only to be used when no problem was reported.
 */
export function readSection<S extends Schema>(
  schema: S,
  written: unknown,
  path: string,
  reading: Reading,
): ValuesOf<S> {
  const settings = openSettings(schema, reading.env);
  const section = sectionOf(settings);
  const maps = new Map<string, unknown>();
  const fitting = fit(section, written, path, { reading, maps });
  settings.load(fitting ?? {});
  const complaints = complaintsOf(settings);

  return valuesOf(section, '', (setting, name) => {
    const complaint = complaints.get(name);
    const fullPath = join(path, name);
    if (maps.has(fullPath)) return maps.get(fullPath);
    if (complaint === undefined) return valueOf(setting, settings.get(name));
    // A section that is no map at all is one problem, not one for every setting that is required in it.
    if (fitting !== undefined) reading.problem(blame(setting, fullPath, reading.env), complaint);
    return undefined;
  }) as ValuesOf<S>;
}

/** A section that is left out, or has nothing below its name, is one with all defaults. */
export function asMap(written: unknown): Readonly<Record<string, unknown>> | undefined {
  if (written === undefined || written === null) return {};
  return typeof written === 'object' && !Array.isArray(written) ? { ...written } : undefined;
}

/**
 * What convict can take of a section: known settings only. A map that is the value of one setting goes to `maps`, read:
 * convict would look for settings in it, and throws where a key has a dot, as all of librdkafka's have.
 */
function fit(
  section: Section,
  written: unknown,
  path: string,
  to: { readonly reading: Reading; readonly maps: Map<string, unknown> },
): Record<string, unknown> | undefined {
  const known = new Map(Object.entries(section._cvtProperties));
  const names = [...known.keys()];
  const map = asMap(written);
  if (map === undefined) {
    to.reading.problem(path, `should be a map of settings (${names.join(', ')})`);
    return undefined;
  }
  const fitting: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(map)) {
    const node = known.get(name);
    const nodePath = join(path, name);
    if (node === undefined) {
      to.reading.problem(nodePath, `unknown setting; the nearest known one is "${closest(name, names)}"`);
    } else if (isSection(node)) {
      fitting[name] = fit(node, inFull(node, value), nodePath, to) ?? {};
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      to.maps.set(nodePath, readMap(node, value, nodePath, to.reading));
    } else {
      fitting[name] = value;
    }
  }
  return fitting;
}

/** `tls: true` is short for `tls: { enabled: true }`. */
function inFull(section: Section, written: unknown): unknown {
  return typeof written === 'boolean' && 'enabled' in section._cvtProperties ? { enabled: written } : written;
}

function readMap(setting: Setting, written: object, path: string, reading: Reading): unknown {
  try {
    return formatOf(setting).parse(written);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    reading.problem(path, error.message);
    return undefined;
  }
}

/** The values in the order and shape of the section. `name` is relative to it, as convict has it: `backoff.max`. */
function valuesOf(
  section: Section,
  prefix: string,
  value: (setting: Setting, name: string) => unknown,
): Record<string, unknown> {
  const values = Object.entries(section._cvtProperties).map(([key, node]) => {
    const name = join(prefix, key);
    return [key, isSection(node) ? valuesOf(node, name, value) : value(node, name)] as const;
  });
  return Object.fromEntries(values);
}

function valueOf(setting: Setting, checked: unknown): unknown {
  return checked === null && setting.nullable === true ? null : formatOf(setting).parse(checked);
}

function blame({ env }: Setting, path: string, environment: Environment): string {
  return env !== undefined && environment[env] ? `${env} (for ${path})` : path;
}

function join(path: string, name: string): string {
  // A problem is one line, whatever somebody takes for a key.
  const shown = /\s/.test(name) ? JSON.stringify(name) : name;
  return path === '' ? shown : `${path}.${shown}`;
}

/** How a value is written in the file, and what it becomes. */
export interface Format<T> {
  /** What the reference page calls it. */
  readonly name: string;
  /** From the value as YAML gives it, or as text from the environment. Throws a `FormatError`. */
  parse(written: unknown): T;
}

/** The value does not fit. The message goes after the setting's path and says what to write instead, in one line. */
export class FormatError extends Error {
  // convict stores the value here, to print it after the message. A message shows it by itself, unless it is a secret.
  get value(): undefined {
    return undefined;
  }
  set value(_written: unknown) {
    // Not kept.
  }
}

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A duration, in milliseconds. A number without a unit is refused, for half of all readers would take it for seconds. */
export function duration(limits: { min?: number } = {}): Format<number> {
  return withUnit('duration', MILLISECONDS, 'a duration like 250ms, 30s, 5m, 24h or 7d', limits.min ?? 0);
}

/** A number of bytes. */
export function size(limits: { min?: number } = {}): Format<number> {
  return withUnit('size', BYTES, 'a size like 64KiB, 64MiB or 1GiB', limits.min ?? 0);
}

function withUnit(
  name: string,
  units: Readonly<Record<string, number>>,
  example: string,
  min: number,
): Format<number> {
  return {
    name,
    parse(written) {
      const asText = typeof written === 'string' || typeof written === 'number' ? String(written).trim() : '';
      const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(asText);
      if (match === null) throw new FormatError(`${show(written)} is not ${example}`);
      const [, digits = '', unit = ''] = match;
      const factor = unit === '' && Number(digits) === 0 ? 1 : units[unit];
      if (factor === undefined) {
        const complaint =
          unit === '' ? 'has no unit' : `has an unknown unit (known: ${Object.keys(units).join(', ')})`;
        throw new FormatError(`${show(written)} ${complaint}; write ${example}`);
      }
      const value = Number(digits) * factor;
      if (!Number.isSafeInteger(value)) throw new FormatError(`${show(written)} is too fine or too large`);
      if (value < min) throw new FormatError(`${show(written)} is too small; write ${example}`);
      return value;
    },
  };
}

/** A number; `integer` unless said otherwise. Text is taken too, for that is what the environment has. */
export function number(limits: { min?: number; max?: number; fractions?: boolean }): Format<number> {
  const { min = 0, max = Infinity, fractions = false } = limits;
  const kind = fractions ? 'number' : 'whole number';
  const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
  return {
    name: `${fractions ? 'number' : 'integer'} ${max === Infinity ? `≥ ${min}` : `${min}–${max}`}`,
    parse(written) {
      const value = typeof written === 'string' && written.trim() !== '' ? Number(written) : written;
      const fits =
        typeof value === 'number' &&
        (fractions ? Number.isFinite(value) : Number.isSafeInteger(value)) &&
        value >= min &&
        value <= max;
      if (!fits) throw new FormatError(`${show(written)} is not a ${kind} ${range}`);
      return value;
    },
  };
}

export const boolean: Format<boolean> = {
  name: 'boolean',
  parse(written) {
    if (typeof written !== 'boolean') throw new FormatError(`${show(written)} is not true or false`);
    return written;
  },
};

export function oneOf<const T extends string>(...options: readonly T[]): Format<T> {
  return {
    name: options.map((option) => `\`${option}\``).join(' or '),
    parse(written) {
      const found = options.find((option) => option === written);
      if (found === undefined) throw new FormatError(`${show(written)} is not one of ${options.join(', ')}`);
      return found;
    },
  };
}

/** Text of a given form. `rule` completes "… is not ". */
export function text(name: string, form: RegExp, rule: string): Format<string> {
  return {
    name,
    parse(written) {
      // YAML reads 2024 as a number and `on` as text: a name that looks like a number is meant as a name.
      const value = typeof written === 'number' ? String(written) : written;
      if (typeof value !== 'string' || !form.test(value))
        throw new FormatError(`${show(written)} is not ${rule}`);
      return value;
    },
  };
}

export const routeName = text(
  'route name',
  /^[a-z0-9-]{1,63}$/,
  'a route name: 1 to 63 of a-z, 0-9 and "-" (it becomes part of group names, URLs and metrics)',
);

/** Kafka's own rule, so that a typing error is found here and not by the broker. */
export const topicName = text(
  'topic',
  /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
  'a topic name: 1 to 249 of a-z, A-Z, 0-9, ".", "_" and "-"',
);

export const consumerGroup = text('consumer group', /^\S(.*\S)?$/, 'the name of a consumer group');

export function listOf<T>(format: Format<T>): Format<readonly T[]> {
  return {
    name: `list of ${format.name}s`,
    parse(written) {
      if (!Array.isArray(written)) throw new FormatError(`${show(written)} is not a list like [a, b]`);
      if (written.length === 0) throw new FormatError('the list is empty; give at least one');
      return written.map((item: unknown) => format.parse(item));
    },
  };
}

/** A list that may be written as text with commas: that is how it comes from the environment. */
export function commaList<T>(format: Format<T>): Format<readonly T[]> {
  const list = listOf(format);
  const split = (written: string): string[] =>
    written
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  return {
    name: list.name,
    parse: (written) => list.parse(typeof written === 'string' ? split(written) : written),
  };
}

export type Scalar = string | number | boolean;

/** A flat map of anything, for settings that are only passed on. */
export const scalars: Format<Readonly<Record<string, Scalar>>> = {
  name: 'map of scalars',
  parse(written) {
    if (typeof written !== 'object' || written === null || Array.isArray(written)) {
      throw new FormatError(`${show(written)} is not a map like { security.protocol: ssl }`);
    }
    for (const [name, value] of Object.entries(written)) {
      if (!['string', 'number', 'boolean'].includes(typeof value)) {
        throw new FormatError(`the value of ${show(name)} is not a string, a number or a boolean`);
      }
    }
    return written as Record<string, Scalar>;
  },
};

/** The entries of `routes`, each of which is read by itself: see route.ts. */
export const routeList: Format<readonly unknown[]> = {
  name: 'list of routes',
  parse(written) {
    const list: unknown = written ?? [];
    if (!Array.isArray(list)) throw new FormatError('is not a list; write each route as "- name: …"');
    if (list.length === 0) {
      throw new FormatError('is empty; give at least one route with name, topic and consumerGroup');
    }
    return list as readonly unknown[];
  },
};

/** `http.auth`, read by itself: see auth.ts. What was written is never shown: somebody may have put a token there. */
export const authentication: Format<'none' | Readonly<Record<string, unknown>>> = {
  name: 'map or `none`',
  parse(written) {
    if (written === 'none') return written;
    if (typeof written !== 'object' || written === null || Array.isArray(written)) {
      throw new FormatError('is neither "none" nor a map with tokens or oidc');
    }
    return { ...written };
  },
};

/** The entries of `http.auth.tokens`, each read by itself. */
export const tokenList: Format<readonly unknown[]> = {
  name: 'list of tokens',
  parse(written) {
    if (!Array.isArray(written)) throw new FormatError('is not a list; write each token as "- name: …"');
    return written as readonly unknown[];
  },
};

/** A URL of a web server. */
export const webUrl: Format<string> = {
  name: 'URL',
  parse(written) {
    const url = typeof written === 'string' && URL.canParse(written) ? new URL(written) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
      throw new FormatError('is not a URL like https://login.example.com/realm');
    }
    return written as string;
  },
};

/** A Redis URL. What was written is never shown: it may hold a password. */
export const redisUrl: Format<string> = {
  name: 'URL',
  parse(written) {
    const url = typeof written === 'string' && URL.canParse(written) ? new URL(written) : undefined;
    if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
      throw new FormatError('not a URL like redis://localhost:6379/0, or rediss://… for TLS');
    }
    return written as string;
  },
};

/** A server by name or IP address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A server as `host:port`, `[::1]:port` with an IPv6 address. */
export const address: Format<Address> = {
  name: 'server',
  parse(written) {
    const match = typeof written === 'string' ? /^(?:\[([^\]\s]+)\]|([^\s:@/]+)):(\d+)$/.exec(written) : null;
    const port = Number(match?.[3]);
    if (match === null || port < 1 || port > 65_535) {
      // Somebody who writes a URL here may have written a password.
      const shown = typeof written === 'string' && written.includes('@') ? 'the entry' : show(written);
      throw new FormatError(`${shown} is not an address like redis-1:6379`);
    }
    return { host: match[1] ?? match[2] ?? '', port };
  },
};

/** Text that is never shown. */
export const secret: Format<string> = {
  name: 'secret',
  parse(written) {
    const value = typeof written === 'number' ? String(written) : written;
    if (typeof value !== 'string' || value === '') throw new FormatError('is not a text; put it in quotes');
    return value;
  },
};

function show(written: unknown): string {
  const json = JSON.stringify(written) as string | undefined;
  return json === undefined ? 'nothing' : json.length > 60 ? `${json.slice(0, 57)}…` : json;
}

import { type Format, FormatError } from './formats.ts';

/** Names that a configuration may use: with `*` for anything, or `/a regular expression/` for the whole name. */
export const namePatterns: Format<readonly string[]> = {
  name: 'pattern, or list of patterns',
  parse(written) {
    const patterns: unknown[] = Array.isArray(written) ? written : [written];
    if (patterns.length === 0) throw new FormatError('the list is empty; give at least one pattern');
    return patterns.map((pattern) => {
      if (typeof pattern !== 'string' || pattern === '') {
        throw new FormatError('is not a pattern like "staging.*", or a list of them');
      }
      regularExpression(pattern);
      return pattern;
    });
  },
};

/** Whether one of the patterns fits the whole name. */
export function fitsOneOf(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => regularExpression(pattern).test(name));
}

function regularExpression(pattern: string): RegExp {
  const [, source] = /^\/(.*)\/$/s.exec(pattern) ?? [];
  if (source === undefined) {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 's');
  }
  try {
    return new RegExp(`^(?:${source})$`, 's');
  } catch {
    throw new FormatError(
      `"${pattern}" is not a regular expression; for other patterns leave the slashes out`,
    );
  }
}

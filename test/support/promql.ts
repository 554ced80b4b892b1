import type { Definition } from '../../src/metrics/definition.ts';
import { definitions } from '../../src/metrics/definitions.ts';
import { PREFIX } from '../../src/metrics/metrics.ts';
import { processDefinitions } from '../../src/metrics/process-definitions.ts';
import { shardDefinitions } from '../../src/metrics/shard-definitions.ts';

type Labels = Readonly<Record<string, readonly string[] | null>>;

/** What Prometheus adds to each sample, and the service where `environment` is configured. */
const TARGET: Labels = { namespace: null, environment: null, job: null, instance: null };

/** Each series that the service exposes, with its labels and the values that they may have (null: any). */
const known = new Map<string, Labels>([
  ...[definitions, shardDefinitions].flatMap((all) => seriesOf(all, { route: null })),
  ...seriesOf(processDefinitions, {}),
  ['process_start_time_seconds', {}],
]);

function seriesOf(all: Readonly<Record<string, Definition>>, more: Labels): [name: string, labels: Labels][] {
  return Object.values(all).flatMap(({ name, type, labels }): [string, Labels][] => {
    const series = PREFIX + name;
    const own = { ...more, ...labels };
    if (type !== 'histogram') return [[series, own]];
    return [
      [`${series}_bucket`, { ...own, le: null }],
      [`${series}_count`, own],
      [`${series}_sum`, own],
    ];
  });
}

interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[];
}

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

/** The metrics that an expression asks for. */
export function metricsIn(expr: string): string[] {
  return [...new Set(read(expr).selectors.map(({ metric }) => metric))];
}

/** Metrics, labels and values of labels in an expression that the service does not expose. */
export function unknownIn(expr: string): string[] {
  const { selectors, grouped } = read(expr);
  const labelsOf = (metric: string): Labels => ({ ...TARGET, ...known.get(metric) });
  const wrong = selectors.flatMap(({ metric, matchers }) => {
    if (!known.has(metric)) return [metric];
    const labels = labelsOf(metric);
    return matchers.flatMap(({ label, values }) => {
      if (!(label in labels)) return [`${metric}{${label}}`];
      const allowed = labels[label];
      return values
        .filter((value) => allowed?.includes(value) === false)
        .map((value) => `${metric}{${label}="${value}"}`);
    });
  });
  const anyHas = (label: string): boolean => selectors.some(({ metric }) => label in labelsOf(metric));
  return [...new Set([...wrong, ...grouped.filter((label) => !anyHas(label))])];
}

/** Not a parser: it knows what a selector and a list of labels look like, and Prometheus says whether the rest is right. */
function read(expr: string): { selectors: Selector[]; grouped: string[] } {
  const selectors: Selector[] = [];
  const grouped: string[] = [];
  const rest = expr
    .replaceAll(/([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g, (_, metric: string, matchers: string) => {
      selectors.push({ metric, matchers: matchersOf(matchers) });
      return '';
    })
    .replaceAll(/\[[^\]]*\]|\boffset\s+\w+/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g, (_, list: string) => {
      grouped.push(...list.split(',').flatMap((label) => (label.trim() === '' ? [] : [label.trim()])));
      return '';
    });
  for (const [word] of rest.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()/g)) {
    if (!WORDS.has(word.toLowerCase())) selectors.push({ metric: word, matchers: [] });
  }
  return { selectors, grouped };
}

function matchersOf(text: string): Selector['matchers'] {
  return [...text.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
    ([, label = '', operator, value = '']) => ({
      label,
      values: operator === '=~' || operator === '!~' ? value.split('|') : [value],
    }),
  );
}

import { readFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument, type Pair } from 'yaml';

/** A value of the chart, or a map of them. */
export interface ChartValue {
  /** As `image.tag`. */
  readonly path: string;
  /** The comment above it. Empty above maps that explain themselves. */
  readonly doc: string;
  readonly value: unknown;
  /** Of a map whose keys are ours; empty where its keys are those of Kubernetes. */
  readonly members: readonly ChartValue[];
}

export const CHART = 'helm/retry-orchestrator';

/** helm/retry-orchestrator/values.yaml with its comments. A map whose members have comments is ours: its keys are known. */
export function chartValues(): readonly ChartValue[] {
  const text = readFileSync(new URL(`../../../${CHART}/values.yaml`, import.meta.url), 'utf8');
  const { contents } = parseDocument(text);
  return isMap(contents) ? members(contents.items, '', contents.commentBefore) : [];
}

/** The comment above the first entry of a map is that of the map itself, as the parser has it. */
function members(pairs: readonly Pair[], prefix: string, first: string | null | undefined): ChartValue[] {
  return pairs.map(({ key, value }, index) => {
    if (!isScalar(key)) throw new Error(`values.yaml: what is below ${prefix}?`);
    const path = prefix === '' ? String(key.value) : `${prefix}.${String(key.value)}`;
    const own = key.commentBefore ?? (index === 0 ? first : null) ?? '';
    const inner = isMap(value) ? value.items : [];
    const ours =
      isMap(value) &&
      (Boolean(value.commentBefore) ||
        inner.some((pair) => isScalar(pair.key) && pair.key.commentBefore) ||
        inner.some((pair) => isMap(pair.value) && Boolean(pair.value.commentBefore)));
    return {
      path,
      doc: own.replaceAll(/\s+/g, ' ').trim(),
      value:
        isMap(value) || (value !== null && typeof value === 'object' && 'toJSON' in value)
          ? (value as { toJSON(): unknown }).toJSON()
          : value,
      members: ours ? members(inner, path, isMap(value) ? value.commentBefore : null) : [],
    };
  });
}

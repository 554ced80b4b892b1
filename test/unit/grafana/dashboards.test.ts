import { describe, expect, test } from '@jest/globals';
import type { Definition } from '../../../src/metrics/definition.ts';
import { definitions } from '../../../src/metrics/definitions.ts';
import { PREFIX } from '../../../src/metrics/metrics.ts';
import { processDefinitions } from '../../../src/metrics/process-definitions.ts';
import { shardDefinitions } from '../../../src/metrics/shard-definitions.ts';
import { filledIn } from '../../../grafana/source/fill-in.ts';
import { dashboards, type PanelJson } from '../../support/dashboards.ts';

const all: Readonly<Record<string, Definition>> = {
  ...definitions,
  ...shardDefinitions,
  ...processDefinitions,
};
const defined = new Map(Object.values(all).map((each) => [each.name, each]));
const ofProcess = new Set<string>(Object.values(processDefinitions).map(({ name }) => name));
/** Given by whoever scrapes. */
const OF_TARGETS = ['namespace', 'job', 'instance'];

/** What is wrong with a query: metrics or labels that do not exist. */
function faults(expr: string): string[] {
  const named = [...expr.matchAll(new RegExp(`${PREFIX}(\\w+)(?:\\{([^}]*)\\})?`, 'g'))];
  const known = new Set([...OF_TARGETS, 'le']);
  const found = named.flatMap(([, name = '', matchers = '']) => {
    const definition = defined.get(name) ?? defined.get(name.replace(/_(bucket|count|sum)$/, ''));
    if (definition === undefined) return [`no metric is named ${name}`];
    if (definition.type === 'histogram' && definition.name === name) return [`${name} is a histogram`];
    const route = ofProcess.has(definition.name) ? [] : ['route'];
    const labels = [...OF_TARGETS, ...route, ...Object.keys(definition.labels)];
    for (const label of labels) known.add(label);
    return [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].flatMap(([, label = '']) =>
      labels.includes(label) ? [] : [`${name} has no label ${label}`],
    );
  });
  if (named.length === 0) found.push('no metric of the service');
  const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
  return [...found, ...grouped.filter((label) => !known.has(label)).map((label) => `nothing has ${label}`)];
}

/** Of each column, where it is a table. */
function unitsOf(panel: PanelJson): (string | undefined)[] {
  if (panel.type !== 'table') return [panel.fieldConfig?.defaults?.unit];
  const overrides = panel.fieldConfig?.overrides ?? [];
  return panel.targets!.map(({ legendFormat }) => {
    const column = overrides.find(({ matcher }) => matcher.options === legendFormat);
    return column?.properties.find(({ id }) => id === 'unit')?.value as string | undefined;
  });
}

test('faults of a query are seen', () => {
  expect(faults('sum(retry_orchestrator_locks_held{route="a"})')).toEqual([]);
  expect(faults('retry_orchestrator_lock_held{route="a"}')).toEqual(['no metric is named lock_held']);
  expect(faults('retry_orchestrator_locks_held{reason="a"}')).toEqual(['locks_held has no label reason']);
  expect(faults('sum by (reason) (retry_orchestrator_locks_held)')).toEqual(['nothing has reason']);
  expect(faults('retry_orchestrator_lock_held_seconds')).toEqual(['lock_held_seconds is a histogram']);
  expect(faults('retry_orchestrator_redis_up{route="a"}')).toEqual(['redis_up has no label route']);
  expect(faults('up')).toEqual(['no metric of the service']);
});

describe.each(dashboards())('$file', ({ panels, templating }) => {
  const shown = panels.filter(({ type }) => type !== 'row');

  test('lets one choose the data source, the namespace and the route', () => {
    const names = templating.list.map(({ name }) => name);
    expect(names).toEqual(['datasource', 'namespace', 'route', 'runbook']);
  });

  test.each(shown)('$title: says what it means, in which unit, from the chosen data source', (panel) => {
    expect(panel.title.length).toBeGreaterThan(3);
    expect(panel.description?.length).toBeGreaterThan(40);
    expect(panel.datasource?.uid).toBe('${datasource}');
    if (panel.type === 'text') return;
    expect(panel.targets).not.toHaveLength(0);
    for (const unit of unitsOf(panel)) expect(unit).toBeTruthy();
    for (const { legendFormat } of panel.targets!) expect(legendFormat).toBeTruthy();
  });

  test.each(shown)('$title: asks only for what exists, of the chosen namespace', ({ targets = [] }) => {
    for (const { expr } of targets) {
      expect(faults(expr)).toEqual([]);
      expect(filledIn(expr, { namespace: '', route: '', __rate_interval: '' })).not.toContain('$');
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      for (const selector of selectors) expect(selector).toContain('namespace=~"$namespace"');
    }
  });

  test('panels lie side by side, each with a number of its own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken).not.toContain(`${x},${y}`);
          taken.add(`${x},${y}`);
        }
      }
    }
  });
});

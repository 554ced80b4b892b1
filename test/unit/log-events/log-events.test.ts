import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { LogEventMeaning } from '../../../src/log-events/log-event.ts';
import { logEventGroups } from '../../../src/log-events/log-events.ts';

// That every event in the code is in the table the compiler sees to: `event` is a LogEvent.

const src = join(import.meta.dirname, '../../../src');
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.startsWith('log-events/') && !path.startsWith('gate/'))
  .map((path) => readFileSync(join(src, path), 'utf8'));
const groups = Object.values<Readonly<Record<string, LogEventMeaning>>>(logEventGroups);
const events = groups.flatMap((group) => Object.entries(group));

/** The levels at which literal calls log an event: `logger.warn({ event: 'x'`, and what a `Trouble` tells. */
function levelsOf(event: string): Set<string> {
  const calls: [RegExp, string | null][] = [
    [new RegExp(`\\.(fatal|error|warn|info|debug|trace)\\(\\s*\\{\\s*event: '${event}'`, 'g'), null],
    [new RegExp(`\\.met\\(\\s*\\{\\s*event: '${event}'`, 'g'), 'warn'],
    [new RegExp(`\\.over\\(\\s*'${event}'`, 'g'), 'info'],
  ];
  const found = calls.flatMap(([call, level]) =>
    sources.flatMap((source) => [...source.matchAll(call)].map(([, said]) => level ?? said ?? '')),
  );
  return new Set(found);
}

test('no event stands in two groups', () => {
  const names = events.map(([name]) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test.each(events)('%s is logged somewhere, at the levels of the table', (event, { level }) => {
  expect(sources.some((source) => source.includes(`'${event}'`))).toBe(true);
  const told = [level].flat();
  for (const each of levelsOf(event)) expect(told).toContain(each);
});

test.each(events)('%s says what it means, in sentences', (_, { means, todo }) => {
  expect(means).toMatch(/^.{10,}\.$/);
  expect(todo).toMatch(/^$|[.?]$/);
});

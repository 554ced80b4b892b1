import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { logEventGroups } from '../../../src/log-events/log-events.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = readdirSync(join(root, 'docs/incidents')).sort();
const events = new Set(Object.values(logEventGroups).flatMap((group) => Object.keys(group)));
const [index, metrics, alerts, commands] = [
  read('docs/reliability.md'),
  read('docs/metrics.md'),
  read('grafana/alerts/rules.yaml'),
  read('docs/cli.md') + read('docs/doctor.md'),
];

/** The names in code of the line `- label: …` of a page. */
function named(page: string, label: string): string[] {
  const line = new RegExp(`^- ${label}: (.*)$`, 'm').exec(page)?.[1] ?? '';
  return [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
}

test('there is a page for each incident', () => {
  const numbers = pages.map((name) => Number(name.slice(0, 2)));
  expect(numbers).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
});

describe.each(pages)('%s', (name) => {
  const page = read(`docs/incidents/${name}`);

  test('is in the table of docs/reliability.md', () => {
    expect(index).toContain(`(incidents/${name})`);
  });

  test('says all that one has to know', () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings.filter((heading) => heading !== 'Not so yet')).toEqual([
      ...['What happens', 'What you see', 'What the service does', 'What to do', 'Shown by'],
    ]);
  });

  test('names tests that are there', () => {
    const files = [...page.matchAll(/`((?:test|bench)\/[^`]+)`/g)].map(([, path]) => path!);
    expect(files.some((path) => path.startsWith('test/'))).toBe(true);
    expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('names metrics, alerts, events and commands that are there', () => {
    expect(named(page, 'Metrics').filter((metric) => !metrics.includes(`| \`${metric}\``))).toEqual([]);
    expect(named(page, 'Alerts').filter((alert) => !alerts.includes(`alert: ${alert}\n`))).toEqual([]);
    expect(named(page, 'Log').filter((event) => !events.has(event))).toEqual([]);
    const verbs = named(page, 'Commands').map((command) => command.split(' ')[1] ?? '');
    expect(verbs.filter((verb) => !commands.includes(verb))).toEqual([]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { installedGrafana } from '../../../dev/watch/grafana.ts';
import { readOptions } from '../../../dev/watch/options.ts';
import { places } from '../../../dev/watch/places.ts';

const given = { service: 'http://service:1', prometheus: 'http://prometheus:2' };

test('every line has an address that a browser takes', () => {
  const lines = places({ ...given, grafana: 'http://grafana:3' });
  for (const line of lines) expect(URL.canParse(line.slice(line.indexOf('http')))).toBe(true);
  expect(lines.join('\n')).toContain('http://service:1/docs');
  expect(lines.join('\n')).toContain('http://grafana:3');
});

test('graphs ask for series, with nothing left to fill in', () => {
  const graphs = places({ ...given, grafana: undefined }).filter((line) => line.includes('g0.expr'));
  expect(graphs.length).toBeGreaterThan(2);
  for (const line of graphs) {
    const url = new URL(line.slice(line.indexOf('http')));
    expect(url.searchParams.get('g0.expr')).toMatch(/retry_orchestrator_/);
    expect(url.searchParams.get('g0.expr')).not.toContain('$');
  }
});

test('without Grafana it says what to do instead', () => {
  expect(places({ ...given, grafana: undefined }).at(-1)).toContain('docs/dashboards.md');
});

test('Grafana is found on the path', () => {
  const directory = mkdtempSync(join(tmpdir(), 'grafana-'));
  try {
    const file = join(directory, 'grafana-server');
    writeFileSync(file, '');
    expect(installedGrafana(`/nowhere:${directory}`)).toBe(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the command line', () => {
  expect(readOptions([])).toEqual({ seconds: null, draw: false });
  expect(readOptions(['--seconds', '90'])).toEqual({ seconds: 90, draw: false });
  expect(readOptions(['--draw']).seconds).toBeGreaterThan(60);
  expect(() => readOptions(['--seconds', 'long'])).toThrow('--seconds has to be a whole number');
  expect(() => readOptions(['--speed', '1'])).toThrow('--speed');
});

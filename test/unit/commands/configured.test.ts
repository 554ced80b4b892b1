import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { loadConfigOrReport } from '../../../src/commands/configured.ts';

const example = fileURLToPath(new URL('../../../config/retry-orchestrator.yaml', import.meta.url));

function fakeHost() {
  const lines: string[] = [];
  return {
    lines,
    exitCode: undefined as number | undefined,
    stderr: { write: (text: string) => lines.push(text) },
  };
}

test('a good configuration is handed over', () => {
  const host = fakeHost();
  expect(loadConfigOrReport(example, {}, host)?.routes).toHaveLength(1);
  expect([host.lines, host.exitCode]).toEqual([[], undefined]);
});

test('problems are printed, one a line, and the process will exit 2', () => {
  const host = fakeHost();
  expect(loadConfigOrReport(example, { HTTP_PORT: 'http', LOG_LEVEL: 'loud' }, host)).toBeUndefined();
  expect(host.lines).toEqual([
    'HTTP_PORT (for http.port): "http" is not a whole number from 0 to 65535\n',
    'LOG_LEVEL (for log.level): "loud" is not one of fatal, error, warn, info, debug, trace, silent\n',
  ]);
  expect(host.exitCode).toBe(2);
});

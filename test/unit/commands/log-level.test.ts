import { expect, test } from '@jest/globals';
import { runCommand, ScriptedApi } from '../../support/command-line.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const PATH = '/v1/service/log-level';
const clock = new FakeClock('2026-11-22T00:00:00Z');

const run = (api: ScriptedApi, ...argv: string[]) =>
  runCommand(['log-level', ...argv], { fetch: api.fetch, clock });

test('says what the replica logs', async () => {
  const api = new ScriptedApi({ [`GET ${PATH}`]: { level: 'info', configured: 'info', until: null } });
  expect(await run(api)).toMatchObject({ code: 0, out: 'this replica logs info, as configured\n' });
});

test('changes it for a while, and says until when', async () => {
  const until = clock.now() + 900_000;
  const api = new ScriptedApi({ [`PUT ${PATH}`]: { level: 'debug', configured: 'info', until } });
  const { code, out } = await run(api, 'debug', '--for', '15m', '--reason', 'Order-123');
  expect([code, out]).toEqual([
    ...[0, 'this replica logs debug until 2026-11-22T00:15:00.000Z; configured is info\n'],
  ]);
  expect(api.asked).toMatchObject([
    { method: 'PUT', path: PATH, body: { level: 'debug', for: '15m', reason: 'Order-123' } },
  ]);
});

test('asks why before it changes anything', async () => {
  const api = new ScriptedApi({});
  expect(await run(api, 'debug')).toMatchObject({ code: 2 });
  expect(api.asked).toEqual([]);
});

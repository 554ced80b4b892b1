import { expect, test } from '@jest/globals';
import { Api } from '../../support/api.ts';

const PATH = '/v1/service/log-level';

test('the level is told, changed for a while, recorded, and falls back', async () => {
  await using api = new Api([]);
  const configured = { level: 'info', configured: 'info', until: null };
  expect((await api.get(PATH)).body).toEqual(configured);

  const until = api.clock.now() + 900_000;
  const changed = await api.put(PATH, { level: 'debug', for: '15m', reason: 'Order-123 does not move' });
  expect(changed).toMatchObject({ status: 200, body: { level: 'debug', configured: 'info', until } });
  expect(api.logLevel.current).toBe('debug');
  expect(api.trail.deeds).toMatchObject([
    {
      action: 'log-level',
      reason: 'Order-123 does not move',
      result: { before: 'info', level: 'debug', until },
    },
  ]);

  await api.clock.advance(900_000);
  expect((await api.get(PATH)).body).toEqual(configured);
  expect(api.levelsBack).toEqual(['debug']);
});

test.each([
  ['a level that is none', { level: 'loud', reason: 'r' }],
  ['no reason', { level: 'debug' }],
  ['a time that is none', { level: 'debug', reason: 'r', for: 'a while' }],
  ['a time of nothing', { level: 'debug', reason: 'r', for: '0' }],
  ['more than a day', { level: 'debug', reason: 'r', for: '25h' }],
])('%s is refused, and changes nothing', async (_, body) => {
  await using api = new Api([]);
  expect(await api.put(PATH, body)).toMatchObject({ status: 400, body: { code: 'INVALID' } });
  expect(api.logLevel.current).toBe('info');
  expect(api.trail.deeds).toEqual([]);
});

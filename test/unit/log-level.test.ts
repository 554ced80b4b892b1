import { expect, test } from '@jest/globals';
import { ChangingLevel, type LogLevel } from '../../src/log-level.ts';
import { createLogger } from '../../src/logger.ts';
import { FakeClock } from '../support/fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  const back: LogLevel[] = [];
  const level = new ChangingLevel({ configured: 'info', clock, onBack: (from) => back.push(from) });
  const lines: unknown[] = [];
  const logger = createLogger(level, {
    write: (line) => lines.push((JSON.parse(line) as { event: unknown }).event),
  });
  return { clock, back, level, lines, logger };
}

test('a change holds for children that were made before it', () => {
  const { level, lines, logger } = setUp();
  const child = logger.child({ route: 'orders' }).child({ partition: 1 });
  child.debug({ event: 'admission' }, 'not yet');
  level.set('debug', null);
  child.debug({ event: 'outcome' }, 'now');
  level.set('silent', null);
  child.fatal({ event: 'start_failed' }, 'not any more');
  expect(lines).toEqual(['outcome']);
});

test('whoever makes expensive lines can ask first', () => {
  const { level, logger } = setUp();
  expect(logger.writes('debug')).toBe(false);
  level.set('trace', null);
  expect(logger.child({}).writes('debug')).toBe(true);
});

test('it falls back by itself, and says so once', async () => {
  const { clock, back, level } = setUp();
  expect(level.set('debug', 60_000)).toEqual({
    ...{ level: 'debug', configured: 'info', until: clock.now() + 60_000 },
  });
  await clock.advance(59_999);
  expect(level.current).toBe('debug');
  await clock.advance(1);
  expect(level.state).toEqual({ level: 'info', configured: 'info', until: null });
  expect(back).toEqual(['debug']);
});

test('what is set last counts: the time of the one before is over', async () => {
  const { clock, back, level } = setUp();
  level.set('debug', 1_000);
  level.set('trace', null);
  await clock.advance(5_000);
  expect(level.state).toMatchObject({ level: 'trace', until: null });
  level.set('debug', 1_000);
  level.set('info', 1_000);
  await clock.advance(5_000);
  expect(level.state).toMatchObject({ level: 'info', until: null });
  expect(back).toEqual([]);
});

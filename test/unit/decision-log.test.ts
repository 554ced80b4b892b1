import { expect, test } from '@jest/globals';
import { DecisionLog } from '../../src/decision-log.ts';
import { ownPlace } from '../../src/domain/place.ts';
import { keyUnit } from '../../src/domain/unit.ts';
import type { LogLevel } from '../../src/log-level.ts';
import { createLogger } from '../../src/logger.ts';
import type { Job } from '../../src/penalty-box/entry.ts';

const unit = keyUnit(Buffer.from('Order-123'));
const fresh = { unit, origin: 41, token: null };
const again = { unit, origin: 40, token: 'unreadable' as const };
const failure = { errorClass: 'TimeoutError', errorMessage: 'secret', fatal: false, retryAfter: 0 };
const job = { retryOffset: 7, unit, attempt: 2, deadLetter: null } as Job;

function setUp(level: LogLevel, keys = false) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger(level, { write }, { keys }).child({ route: 'orders' });
  const log = new DecisionLog({ logger, keys });
  const decide = (): void => {
    log.admitted(3, [fresh, again], [{ kind: 'skip' }, { kind: 'process' }]);
    log.told(3, [{ ...again, failure }], [{ kind: 'recorded', attempt: 2, nextAttemptAt: 1_000 }]);
    log.released(3, [job, { ...job, deadLetter: 'exhausted' }]);
    log.redelivered(3, job, 12);
    log.changed(3, [
      { kind: 'locked', unit, place: ownPlace(40), attempt: 0, detail: '' },
      { kind: 'failed', unit, place: ownPlace(40), attempt: 1, detail: 'secret' },
      { kind: 'unlocked', unit, place: null, attempt: 0, detail: 'succeeded' },
      { kind: 'parked', unit, place: null, attempt: 0, detail: 'operator' },
      { kind: 'unparked', unit, place: null, attempt: 0, detail: '' },
    ]);
    log.inferred(3, 0);
    log.inferred(3, 5);
  };
  return { lines, decide };
}

test('each decision about a message is one line, and says of which', () => {
  const { lines, decide } = setUp('debug');
  decide();
  const where = { level: 'debug', route: 'orders', partition: 3 };
  expect(lines).toMatchObject([
    { ...where, event: 'admission', offset: 41, verdict: 'skip', redelivered: false },
    { ...where, event: 'admission', offset: 40, verdict: 'process', redelivered: true },
    { ...where, event: 'outcome', offset: 40, result: 'recorded', failed: true, attempt: 2 },
    { ...where, event: 'released', offset: 7, to: 'redelivery', attempt: 2 },
    { ...where, event: 'released', offset: 7, to: 'dead-letter', reason: 'exhausted' },
    { ...where, event: 'redelivered', offset: 7, latenessMs: 12 },
    { ...where, event: 'key_locked', offset: 40 },
    { ...where, event: 'key_unlocked', reason: 'succeeded' },
    { ...where, event: 'key_parked', reason: 'operator' },
    { ...where, event: 'key_unparked' },
    { ...where, event: 'outcome_inferred', succeeded: 5 },
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/Order-123|secret/);
});

test('with log.keys the lines have the key', () => {
  const { lines, decide } = setUp('debug', true);
  decide();
  expect(lines[0]).toMatchObject({ key: 'Order-123' });
});

test('nobody looks at the messages where the lines are not written', () => {
  const { lines, decide } = setUp('info');
  const unreadable = new Proxy(fresh, {
    get: () => {
      throw new Error('looked at');
    },
  });
  const log = new DecisionLog({ logger: createLogger('info', { write: () => undefined }), keys: true });
  log.admitted(0, [unreadable], [{ kind: 'skip' }]);
  decide();
  expect(lines).toEqual([]);
});

import { EventEmitter } from 'node:events';

import { describe, expect, test } from '@jest/globals';

import { type Host, runUntilSignal } from '../../../src/commands/run-until-signal.ts';
import type { Component } from '../../../src/component.ts';
import { createLogger } from '../../../src/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** A process that writes down how it would have ended. */
class FakeProcess extends EventEmitter implements Host {
  readonly pid = 4711;
  readonly ends: string[] = [];

  exit(code: number): void {
    this.ends.push(`exit ${code}`);
  }

  kill(pid: number, signal: string): void {
    this.ends.push(`${signal} ${pid}`);
  }
}

const forever = new Promise<void>(() => undefined);

function setUp(overrides: Partial<Component> = {}) {
  const process = new FakeProcess();
  const clock = new FakeClock();
  const events: unknown[] = [];
  const logger = createLogger('info', {
    write: (line) => events.push((JSON.parse(line) as { event: string }).event),
  });
  const service = { start: async () => undefined, stop: async () => undefined, ...overrides };
  const broken = new AbortController();
  const run = () => runUntilSignal(service, { logger, clock, process, broken: broken.signal });
  return { process, clock, events, broken, run };
}

describe('a service that runs', () => {
  test.each(['SIGTERM', 'SIGINT'])('stops on %s and exits 0', async (signal) => {
    const { process, clock, events, run } = setUp();
    await run();
    expect(process.ends).toEqual([]);
    process.emit(signal);
    process.emit(signal);
    await clock.advance(0);
    expect(process.ends).toEqual(['exit 0']);
    expect(events).toEqual(['started', 'stopping', 'stopped']);
  });

  test('that is not stopped by the deadline kills its process', async () => {
    const { process, clock, run } = setUp({ stop: () => forever });
    await run();
    process.emit('SIGTERM');
    await clock.advance(24_999);
    expect(process.ends).toEqual([]);
    await clock.advance(1);
    expect(process.ends).toEqual(['SIGKILL 4711']);
  });

  test('that fails to stop kills its process, for an exit could hang', async () => {
    const { process, clock, run } = setUp({ stop: () => Promise.reject(new Error('stuck')) });
    await run();
    process.emit('SIGTERM');
    await clock.advance(0);
    expect(process.ends).toEqual(['SIGKILL 4711']);
  });

  test('ends with 1 when it can not go on', async () => {
    const { process, events, broken, run } = setUp();
    await run();
    broken.abort(new Error('fenced'));
    expect(process.ends).toEqual(['exit 1']);
    expect(events).toEqual(['started', 'kafka_client_broken']);
  });

  test.each(['unhandledRejection', 'uncaughtException'])('ends with 1 after an %s', async (event) => {
    const { process, events, run } = setUp();
    await run();
    process.emit(event, new Error('a bug'));
    expect(process.ends).toEqual(['exit 1']);
    expect(events).toHaveLength(2);
  });

  test('is killed when an error comes while it stops', async () => {
    const { process, run } = setUp({ stop: () => forever });
    await run();
    process.emit('SIGTERM');
    process.emit('unhandledRejection', new Error('a bug'));
    expect(process.ends).toEqual(['SIGKILL 4711']);
  });
});

describe('a service that starts', () => {
  test('and fails ends with 1', async () => {
    const { process, events, run } = setUp({ start: () => Promise.reject(new Error('no broker')) });
    await run();
    expect(process.ends).toEqual(['exit 1']);
    expect(events).toEqual(['start_failed']);
  });

  test('and is stopped meanwhile exits 0', async () => {
    let fail = (_: Error): void => undefined;
    const starting = new Promise<void>((_, reject) => (fail = reject));
    const { process, clock, run } = setUp({
      start: () => starting,
      stop: async () => {
        fail(new Error('stopped while starting'));
      },
    });
    const running = run();
    process.emit('SIGTERM');
    await running;
    await clock.advance(0);
    expect(process.ends).toEqual(['exit 0']);
  });
});

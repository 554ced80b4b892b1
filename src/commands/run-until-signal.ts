import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { LogEvent } from '../log-events/log-events.ts';
import type { Logger } from '../logger.ts';

/** What is used of `process`. */
export interface Host {
  readonly pid: number;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  exit(code: number): unknown;
  kill(pid: number, signal: string): unknown;
}

interface Deps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly process: Host;
  /** Aborted, with the reason, when only a new process can go on. */
  readonly broken: AbortSignal;
}

/** Kubernetes kills after 30 s by default. What is left is for the last lines of the log. */
const STOP_DEADLINE_MS = 25_000;

/**
 * Starts the service and binds it to the process: SIGTERM and SIGINT stop it and exit 0; when it can't start, can't go on, or
 * an error is caught by nobody, the process exits 1 for its supervisor to start it anew.
 *
 * `process.exit` is never called while the service is half stopped: with the disconnection of a Kafka consumer under way it
 * hangs for ever. The way out is then SIGKILL, which loses nothing: what counts is in Kafka, and a crash must be survived
 * anyway.
 */
export async function runUntilSignal(
  service: Component,
  { logger, clock, process, broken }: Deps,
): Promise<void> {
  const state = { stopping: false };

  const die = (): void => {
    process.kill(process.pid, 'SIGKILL');
  };

  const stop = async (signal: string): Promise<void> => {
    // A terminal and its shell may both pass on the same Ctrl-C.
    if (state.stopping) return;
    state.stopping = true;
    logger.info({ event: 'stopping', signal }, `${signal}: stopping`);
    // It keeps the process alive: one that runs dry half stopped would look like one that stopped.
    clock.after(STOP_DEADLINE_MS, () => {
      logger.fatal(
        { event: 'stop_deadline' },
        `not stopped after ${STOP_DEADLINE_MS} ms: killing the process`,
      );
      die();
    });
    try {
      await service.stop();
    } catch (err) {
      logger.fatal({ event: 'stop_failed', err }, 'could not stop: killing the process');
      die();
      return;
    }
    logger.info({ event: 'stopped' }, 'stopped');
    process.exit(0);
  };

  const crash = (event: LogEvent, why: string) => (err: unknown) => {
    logger.fatal({ event, err }, `${why}: ending the process`);
    if (state.stopping) die();
    else process.exit(1);
  };

  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal));
  process.on('unhandledRejection', crash('unhandled_rejection', 'an error that nobody caught'));
  process.on('uncaughtException', crash('uncaught_exception', 'an error that nobody caught'));
  // Not in order: a consumer that is broken never gives its partitions back.
  const crashBroken = crash('kafka_client_broken', 'a Kafka client is broken for good');
  broken.addEventListener('abort', () => {
    crashBroken(broken.reason);
  });

  try {
    await service.start();
    logger.info({ event: 'started' }, 'started');
  } catch (err) {
    // Stopped while starting: `stop` has the say.
    if (state.stopping) return;
    state.stopping = true;
    logger.fatal({ event: 'start_failed', err }, 'could not start');
    process.exit(1);
  }
}

/**
 * The only home of time. Everything else is given a `Clock`, so that a test can be a day long and take a millisecond
 * (test/support/fake-clock.ts).
 */

/** A callback that is waiting for its time. Cancelling twice, or after it ran, is fine. */
export interface Timer {
  cancel(): void;
}

export interface TimerOptions {
  /** The process may end while this timer is waiting. Default: false. */
  readonly unref?: boolean;
}

export interface Clock {
  /** Wall clock, epoch milliseconds. It can jump, in both directions: never subtract two of them to get a duration. */
  now(): number;
  /** Milliseconds since some moment, with fractions. It never goes back. */
  monotonic(): number;
  /** Calls back once, no earlier than in `ms` milliseconds. */
  after(ms: number, callback: () => void, options?: TimerOptions): Timer;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A longer delay than this makes Node's timers fire at once (24.8 days), so it is waited for in parts. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: startTimer,
  sleep: (ms, signal) => sleepOn(startTimer, ms, signal),
};

function startTimer(ms: number, callback: () => void, options: TimerOptions = {}): Timer {
  const dueAt = performance.now() + ms;
  let handle: NodeJS.Timeout;
  const wait = (): void => {
    // Node counts whole milliseconds from the start of the loop's turn, and may fire a fraction early. Releasing early
    // would break a promise, so what is missing is waited for.
    const missing = dueAt - performance.now();
    if (missing <= 0) {
      callback();
      return;
    }
    handle = setTimeout(wait, Math.min(Math.ceil(missing), LONGEST_TIMER_MS));
    if (options.unref === true) handle.unref();
  };
  handle = setTimeout(wait, Math.max(0, Math.min(Math.ceil(ms), LONGEST_TIMER_MS)));
  if (options.unref === true) handle.unref();
  return {
    cancel: () => {
      clearTimeout(handle);
    },
  };
}

/** `sleep` in terms of `after`: shared by every implementation of `Clock`. */
export function sleepOn(after: Clock['after'], ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

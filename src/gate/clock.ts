/**
 * The gate's only source of time. Everything else takes a `GateClock`, so that tests decide when time passes.
 */
export interface GateClock {
  /** Milliseconds on a clock that never jumps. Only differences mean something. */
  now(): number;
  /** Calls `fn` once after `ms`; the returned function cancels it. A `background` timer does not keep the process alive. */
  after(ms: number, fn: () => void, options?: { background?: boolean }): () => void;
}

/** The real clock: monotonic, so that a wall clock set back changes nothing. */
export const systemClock: GateClock = {
  now: () => performance.now(),
  after: (ms, fn, options) => {
    const timer = setTimeout(fn, ms);
    if (options?.background === true) timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** A random number in [0, 1), for jitter only. */
export function systemRandom(): number {
  return (globalThis.crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}

/** Resolves after `ms`, or as soon as `signal` is aborted: the caller looks at the signal, nothing is thrown. */
export function sleep(clock: GateClock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}

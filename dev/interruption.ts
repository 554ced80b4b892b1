/** How a shell calls what SIGINT has ended. */
export const INTERRUPTED = 130;

/**
 * Aborted at the first SIGINT or SIGTERM; the reason names it. The second one ends the process at once: janitor.sh of
 * dev/stack clears up behind it.
 */
export function interruption(): AbortSignal {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (abort.signal.aborted) process.exit(INTERRUPTED);
      abort.abort(new Error(name));
    });
  }
  return abort.signal;
}

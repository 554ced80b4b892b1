import type { Clock } from '../../clock.ts';
import { span } from './human.ts';
import type { Terminal } from './terminal.ts';

const EVERY_MS = 200;

/** Shows that something goes on, and for how long, to whoever looks. */
export async function whileWorking<Result>(
  { terminal, clock }: { readonly terminal: Terminal; readonly clock: Clock },
  what: string,
  work: Promise<Result>,
): Promise<Result> {
  if (!terminal.watched) return work;
  const begun = clock.monotonic();
  const over = new AbortController();
  const show = async (): Promise<void> => {
    while (!over.signal.aborted) {
      terminal.progress(`${what} … ${span(clock.monotonic() - begun)}`);
      await clock.sleep(EVERY_MS, over.signal).catch(() => undefined);
    }
  };
  const shown = show();
  try {
    return await work;
  } finally {
    over.abort();
    await shown;
    terminal.progress('');
  }
}

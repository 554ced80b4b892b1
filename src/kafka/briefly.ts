import type { ClusterView } from './cluster-view.ts';

/**
 * One look through a view of the cluster that was just opened, which is closed when that is over; or at once when `signal` is
 * aborted: it may be waiting for a broker that says nothing. Rejects as `look` does, and where it was aborted before.
 */
export async function briefly<View extends Pick<ClusterView, 'close'>, Seen>(
  view: View,
  look: (view: View) => Promise<Seen>,
  signal: AbortSignal,
): Promise<Seen> {
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= view.close());
  const abort = (): void => void close();
  signal.addEventListener('abort', abort);
  try {
    // A view that is closed would be opened again, and nobody would close that.
    signal.throwIfAborted();
    return await look(view);
  } finally {
    signal.removeEventListener('abort', abort);
    await close();
  }
}

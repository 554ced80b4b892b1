/**
 * Every long-lived part of the service. Stopping twice, without having been started, or while it is starting is fine.
 * What was stopped is not started again.
 */
export interface Component {
  /** Resolves when the part does its work; rejects if it never will. */
  start(): Promise<void>;
  /** Resolves when nothing of the part runs any more: no timer, no connection, no callback. */
  stop(): Promise<void>;
}

/**
 * Several parts as one: started in the order given, each after the one before it is up, and stopped in reverse.
 *
 * When a part fails to start, those before it are stopped and the failure is thrown. A stop while a part is starting goes
 * to that part at once, for it may be waiting for a Kafka that is not there. All parts are stopped even when some fail to;
 * the failures come together in an `AggregateError`.
 */
export function inOrder(parts: readonly Component[]): Component {
  const begun: Component[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const startAll = async (): Promise<void> => {
    for (const part of parts) {
      if (stopping !== undefined) throw new Error('stopped while starting');
      begun.push(part);
      await part.start();
    }
    if (stopping !== undefined) throw new Error('stopped while starting');
  };

  const stopAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const part of begun.reverse()) {
      await part.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts could not be stopped');
  };

  const stop = (): Promise<void> => (stopping ??= stopAll());

  return {
    start: () =>
      (starting ??= startAll().catch(async (error: unknown) => {
        // The reason why it did not start is what matters; what goes wrong in clearing up is not to hide it.
        await stop().catch(() => undefined);
        throw error;
      })),
    stop,
  };
}

/** Calls back with an error, or with null where the client's types promise an error. */
type Done<Value> = (error: unknown, value?: Value) => void;

/** What the Kafka client answers by a callback, as a promise. */
export function calledBack<Value>(call: (done: Done<Value>) => void): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (isMissing(error)) resolve(value);
      else reject(asError(error));
    });
  });
}

/** The client's errors are not always instances of Error. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  const { message } = (error ?? {}) as { message?: unknown };
  return new Error(typeof message === 'string' ? message : 'the Kafka client gave no reason');
}

function isMissing(error: unknown): boolean {
  return error === null || error === undefined;
}

/** A call of the Kafka client, which answers by a callback, as a promise. */
export function called<Result = unknown>(
  call: (done: (error: unknown, result: Result) => void) => unknown,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error instanceof Error) reject(error);
      // The client's own errors are no Errors everywhere, but carry a message.
      else if (error) reject(new Error((error as { message?: string }).message, { cause: error }));
      else resolve(result);
    });
  });
}

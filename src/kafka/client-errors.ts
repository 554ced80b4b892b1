/** Hears what a Kafka client reports: an error with librdkafka's `code`, as a rule. Never throws. */
export type OnClientError = (error: unknown) => void;

/** ERR__FATAL */
const FATAL = -150;

/** The client is broken for good, and refuses all that it is asked from now on. Only a new one helps. */
export function isFatal(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === FATAL;
}

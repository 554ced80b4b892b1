import type { Logger } from '../logger.ts';

/** Hears what a Kafka client reports: an error with librdkafka's `code`, as a rule. Never throws. */
export type OnClientError = (error: unknown) => void;

/** ERR__FATAL */
const FATAL = -150;

/** The client is broken for good, and refuses all that it is asked from now on. Only a new one helps. */
export function isFatal(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === FATAL;
}

interface Client {
  on(
    event: 'event.log',
    listener: (line: { readonly fac: string; readonly message: string }) => void,
  ): unknown;
}

/** Why it is broken: the error itself only says that it is. */
export function logLastWords(client: Client, logger: Logger): void {
  client.on('event.log', ({ fac, message }) => {
    if (fac === 'FATAL') logger.error({ event: 'kafka_client' }, message);
  });
}

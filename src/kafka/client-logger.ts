import type { Logger } from '../logger.ts';

/**
 * The Kafka client's own words, in our log: it would print them to stdout, between the JSON lines. Its warnings are details:
 * while brokers are away there are several for each connection attempt, and who asks Kafka in vain says so once.
 */
export function clientLogger(logger: Logger) {
  const at =
    (level: 'debug' | 'warn' | 'error') =>
    (message: string): void => {
      logger[level]({ event: 'kafka_client' }, message);
    };
  const self = {
    debug: at('debug'),
    info: at('debug'),
    warn: at('debug'),
    error: at('error'),
    namespace: () => self,
    setLogLevel: () => undefined,
  };
  return self;
}

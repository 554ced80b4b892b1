/** Hears what a Kafka client reports: an error with librdkafka's `code`, as a rule. Never throws. */
export type OnClientError = (error: unknown) => void;

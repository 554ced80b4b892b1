/**
 * The client for ordered retries: import it as `retry-orchestrator/gate`. Needs nothing but `fetch`.
 */
export { Gate } from './gate.ts';
export type { GateOptions } from './options.ts';
export type { GateClock } from './clock.ts';
export type { GateEvent, OnEvent } from './events.ts';
export { FatalError, GateError, RetryLaterError, type GateErrorCode } from './errors.ts';
export type {
  Finish,
  GateRecord,
  Handler,
  HandlerContext,
  HeaderList,
  HeaderMap,
  Origin,
  RecordHeaders,
} from './record.ts';
export { isTooLarge, type PublishRetries, type RetryRecord } from './retry-record.ts';
export { KafkaJsGate, type KafkaJsGateOptions, type MessageHandler } from './kafkajs/kafkajs-gate.ts';
export { kafkaJsPublisher, type KafkaJsProducerLike } from './kafkajs/publisher.ts';
export { RdKafkaRunner, type RdKafkaRunnerOptions } from './rdkafka/runner.ts';
export { rdKafkaPublisher, type RdKafkaProducerLike } from './rdkafka/publisher.ts';
export type { ConsumerCallbacks, RdKafkaConsumerLike } from './rdkafka/types.ts';

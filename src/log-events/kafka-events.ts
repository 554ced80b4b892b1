import { means } from './log-event.ts';

const BROKERS = 'See whether the brokers answer from here; a certificate that expired is named in the text.';

export const kafkaEvents = {
  kafka_client: means(['error', 'debug'], 'What the Kafka client says itself.', BROKERS),
  kafka_consumer_error: means('warn', 'The consumer of a retry topic met an error and goes on.', BROKERS),
  kafka_producer_error: means('warn', 'A producer met an error and goes on.', BROKERS),
  kafka_reader_error: means('debug', 'A reader of single records met an error and goes on.'),
  kafka_rebalance_error: means('error', 'A rebalance failed; the group tries again.', BROKERS),
  kafka_unassign_failed: means('warn', 'Partitions could not be given back; the group takes them.'),
  poll_failed: means('warn', 'The group could not be polled; polled again.', BROKERS),
  poll_goes_on: means('info', 'The group can be polled again.'),
  kafka_unreachable: means(
    'error',
    'Kafka does not let the service in, or does not answer; `why` says what is wrong. It is tried again once a second.',
    'Do what `why` says; `doctor` says the same.',
  ),
  kafka_reached: means('info', 'Kafka answers again.'),
  kafka_access_missing: means(
    'error',
    'Kafka does not allow the service what it needs; `missing` names it all. Routes that lack something release nothing.',
    'Grant it: `doctor --print-acls` prints the commands. The service sees it in a few seconds.',
  ),
  kafka_access_granted: means('info', 'Kafka allows all that the service needs.'),
  kafka_access_unknown: means('debug', 'Kafka did not say what it allows; what it said last stands.'),
  cluster_unknown: means(
    'warn',
    'Kafka does not say which cluster it is, so nothing is begun (`kafka.clusterId`).',
    BROKERS,
  ),
  cluster_known: means('info', 'Kafka has said which cluster it is.'),
  topics_unknown: means('warn', 'Kafka did not say what topics it has; asked again.', BROKERS),
  topics_known: means('info', 'Kafka says again what topics it has.'),
  certificates_unknown: means(
    'warn',
    'The certificates could not be read: when they expire is what was read last.',
    'Run doctor: it says which, and why.',
  ),
  certificates_known: means('info', 'The certificates could be read again.'),
  topic_settings_unknown: means('debug', 'Kafka did not say how topics are set; what it said last stands.'),
  topic_settings_unread: means(
    'warn',
    'How a topic is set may not be read, so nobody looks whether it is compacted.',
    'Allow DescribeConfigs, or see `doctor`.',
  ),
  route_degraded: means(
    'error',
    'Topics of a route are not as they have to be; `problem` and `/readyz` say what is wrong and what to do.',
    'Do what `problem` says.',
  ),
  route_recovered: means('info', 'The topics of a route are as they should be again.'),
  retry_topic_larger: means(
    'warn',
    'The retry topic has more partitions than the main topic; nothing uses them.',
    'Add partitions to the main topic, or make the retry topic anew.',
  ),
} as const;

import { means } from './log-event.ts';

export const decisionEvents = {
  admission: means(
    'debug',
    'A gate asked about a record (`offset`: of the origin) and was told `verdict`. One line for each record.',
  ),
  outcome: means(
    'debug',
    'A gate told what a handler made of a record; `result` is what the service made of that. One line each.',
  ),
  key_locked: means(
    'debug',
    'A key was locked, by the message at `offset` of the main topic (none: an operator did it, or the message is of another topic). Not told again when a shard is rebuilt.',
  ),
  key_unlocked: means(
    'debug',
    'The last message of a key was resolved; `reason` as in `locks_released_total`.',
  ),
  key_parked: means('debug', 'A key is held: by an `operator`, or behind its `dead-letter`.'),
  key_unparked: means('debug', 'An operator let a key go on.'),
  released: means(
    'debug',
    'A message is due and on its way: to the main topic (`to`: `redelivery`) or to the dead-letter topic.',
  ),
  redelivered: means('debug', 'Kafka has acknowledged a redelivery, `latenessMs` after it was due.'),
  dead_lettered: means(
    'info',
    'A message was given up: it is in the dead-letter topic. `offset` is of its retry record.',
    'See the dead letter, mend the cause, redrive it.',
  ),
  ingested: means(
    'debug',
    'Records of the retry topic were read into the box: how many failed, waited behind others, came `again`, arrived as announced; `duplicate` and `late` ones were passed over.',
  ),
  outcome_inferred: means(
    'debug',
    'Without a gate: so many messages of a shard have succeeded, as the group committed past them.',
  ),
  pending_reaped: means(
    'info',
    'An announced record never came: the group committed past it, and the retry topic was read to its end since. It is closed on this proof.',
    'Only where it comes often: somebody moves offsets by hand, or a consumer does not wait for its acknowledgements.',
  ),
  delivery_unanswered: means(
    'warn',
    'A claim ended with this record admitted and unanswered: its handler may have ended its consumer.',
    'Look at the consumer; after `maxAttempts` of them the message becomes a dead letter `unanswered`.',
  ),
  retry_record_malformed: means(
    'warn',
    'A retry record has headers that can not be read; it goes to the dead-letter topic.',
    'See who writes such records.',
  ),
  redelivery_refused: means(
    'warn',
    'Kafka refused a redelivery for its own sake; after `undeliverable.attempts` in a row it is undeliverable.',
    'See `err`.',
  ),
  redelivery_too_large: means(
    'warn',
    'The main topic has no room for the message with its headers; it goes to the dead-letter topic.',
    'Raise `max.message.bytes` of the main topic.',
  ),
  publish_failed: means(
    'warn',
    'Nobody knows whether a record was written; it is sent again, like all others, until Kafka takes them.',
    'See whether Kafka answers, and `topic` is there.',
  ),
  publishing_goes_on: means('info', 'Kafka takes records again.'),
  payload_unreadable: means(
    'error',
    'What Redis holds of a message can not be read; its key waits.',
    'Let the shard be rebuilt, or discard the message.',
  ),
  value_delayed: means(
    'warn',
    'A message whose value lies in Kafka could not be read; it is tried again.',
    'See whether Kafka answers.',
  ),
  values_go_on: means('info', 'Messages are read again from Kafka.'),
  value_gone: means(
    'error',
    'Retention removed a message before it was due; its dead letter lacks the value.',
    'Raise the retention of the retry topic; see `doctor`.',
  ),
} as const;

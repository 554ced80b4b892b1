import { means } from './log-event.ts';

const REDIS = 'See whether Redis answers.';

export const shardEvents = {
  shards_assigned: means('info', 'The group assigned shards to this replica.'),
  shards_revoked: means('info', 'Shards go to another replica; `lost`: they have gone already.'),
  shard_owned: means('info', 'This replica owns the shard and answers for it, after `seconds`.'),
  shard_rebuilding: means('info', 'Redis does not hold the shard: it is rebuilt from Kafka, `from` … `to`.'),
  shard_lost: means(
    'warn',
    'Redis does not hold the shard any more: it is taken over again, and rebuilt.',
    'See why Redis lost its data.',
  ),
  shard_fenced: means(
    'warn',
    'Another replica took the shard over.',
    'Nothing, unless it goes on: two installations with one `groupPrefix`?',
  ),
  shard_unsure: means('warn', 'An answer of Redis got lost: the shard is taken over again.', REDIS),
  shard_outdated: means('warn', 'A topic was deleted and made anew: the shard is taken over again.'),
  takeover_delayed: means('warn', 'A shard could not be taken over; tried again.', 'See `err`.'),
  takeover_goes_on: means('info', 'The shard was taken over.'),
  topic_remade: means(
    'error',
    'A topic was deleted and made anew, or has lost its end: what Redis still holds is written to the retry topic again.',
    'Find out who did it; what neither Redis nor Kafka holds is lost.',
  ),
  shard_salvaged: means('warn', 'What Redis held is in the retry topic that was made anew.'),
  read_failed: means('warn', 'The retry partition could not be read; the shard is taken over again.'),
  release_unsure: means('warn', 'Redis did not answer a release; the shard is taken over again.', REDIS),
  acknowledgement_delayed: means(
    'warn',
    'Redis did not hear of acknowledged redeliveries; told again.',
    REDIS,
  ),
  acknowledgements_go_on: means('info', 'Redis hears of acknowledged redeliveries again.'),
  ingest_delayed: means('warn', 'The box did not take a batch of retry records; tried again.', REDIS),
  ingest_goes_on: means('info', 'The box takes records again.'),
  gap_read_again: means('debug', 'Offsets are missing in what was read; they are read again.'),
  journal_delayed: means(
    'warn',
    'Outcomes could not be written to Kafka: if Redis lost its data now, they would happen again.',
    'See whether Kafka answers.',
  ),
  journal_goes_on: means('info', 'Outcomes are written to Kafka again.'),
  journal_too_large: means(
    'error',
    'The retry topic does not take an outcome; if Redis loses its data it happens again.',
    'Raise `max.message.bytes` of the retry topic.',
  ),
  journal_unreadable: means('warn', 'A journal record can not be read; what it tells may happen again.'),
  carried_forward: means('info', 'Old records were appended anew, so that the checkpoint can move on.'),
  carry_forward_too_large: means(
    'error',
    'The retry topic does not take a copy of an old record, which dies with retention.',
    'Raise `max.message.bytes` of the retry topic.',
  ),
  carry_forward_delayed: means('warn', 'Old records could not be appended anew; tried again.'),
  carry_forward_goes_on: means('info', 'Old records are appended anew again.'),
  checkpoint_delayed: means(
    ['warn', 'debug'],
    'Kafka did not take the checkpoint; the next one serves as well. `debug` while the shard is given back.',
  ),
  evidence_delayed: means(
    'warn',
    'Kafka or Redis did not say what is needed for evidence. Without a gate outcomes wait for it.',
    'See which of them answers.',
  ),
  evidence_goes_on: means('info', 'Evidence is looked for again.'),
} as const;

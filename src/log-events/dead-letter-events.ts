import { means } from './log-event.ts';

export const deadLetterEvents = {
  dead_letter_too_large: means(
    'error',
    'A dead letter was written without its value, which stays in the retry topic; its key is held.',
    'Raise `max.message.bytes` of the dead-letter topic, then deal with the key.',
  ),
  dead_letter_refused: means(
    'error',
    'The dead-letter topic does not take a record in any form; its key waits.',
    'Let the topic take it, or discard the message.',
  ),
  dead_letters_not_indexed: means(
    'warn',
    'The index of dead letters could not be kept; tried again. The letters themselves are in Kafka.',
    'See `err`.',
  ),
  dead_letters_indexed: means('info', 'The index of dead letters is kept again.'),
  marker_unreadable: means('warn', 'A marker in the dead-letter topic can not be read; it is passed over.'),
  redrive_runs: means('info', 'A redrive is run by this replica.'),
  redrive_left: means('info', 'A redrive ended, or rests (`outcome`).'),
  redrive_failed: means(
    'warn',
    'A redrive was interrupted; it goes on from what was written down.',
    'See `err`.',
  ),
  redrive_recovered: means(
    'info',
    'What an interrupted redrive had published was found in the retry topic; nothing is done twice.',
  ),
  redrives_wait: means('warn', 'Redrives could not be run; tried again.', 'See `err`.'),
  redrives_go_on: means('info', 'Redrives are run again.'),
} as const;

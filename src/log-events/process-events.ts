import { means } from './log-event.ts';

export const processEvents = {
  http_listening: means('info', 'The HTTP API answers; `/readyz` says what is still missing.'),
  started: means('info', 'All parts have begun.'),
  start_failed: means('fatal', 'The service could not start, and exits 1.', 'See `err`; run `doctor`.'),
  stopping: means('info', 'SIGTERM or SIGINT came: shards are given back.'),
  stopped: means('info', 'The process has stopped in order, and exits 0.'),
  kafka_client_broken: means(
    'fatal',
    'A Kafka client has given up for good, and only a new one helps: the service exits 1, to be started anew.',
    'The line `kafka_client` before it says why: “fenced” means that two replicas have the same `kafka.groupInstanceId`.',
  ),
  stop_failed: means(
    'fatal',
    'Stopping failed; the process kills itself. Nothing is lost: a crash is survived as well.',
    'Report it, with `err`.',
  ),
  stop_deadline: means(
    'fatal',
    'Stopping took longer than 25 s; the process kills itself. Nothing is lost.',
    'See whether Kafka and Redis answered at that time.',
  ),
  unhandled_rejection: means('fatal', 'A mistake in the service; it exits 1.', 'Report it, with `err`.'),
  uncaught_exception: means('fatal', 'A mistake in the service; it exits 1.', 'Report it, with `err`.'),
  events_dropped: means(
    'warn',
    'Lifecycle events are dropped: Kafka does not take them fast enough. Messages are not concerned.',
    'See `topic` and `why`; `events_dropped_total` counts them.',
  ),
  events_go_on: means('info', 'Kafka takes lifecycle events again.'),
  notification_failed: means(
    'warn',
    'The webhook of `notify.url` did not take a notification; it is told again a few times.',
    'See `why`, and whether the webhook answers.',
  ),
  notifications_go_on: means('info', 'The webhook takes notifications again.'),
} as const;

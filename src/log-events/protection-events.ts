import { means } from './log-event.ts';

export const protectionEvents = {
  backpressure: means(
    ['warn', 'info'],
    'How much of new messages goes into Redis has changed (`state`, `why`): `warn` for less, `info` for more.',
    'See `why`: give Redis memory, or find out what fails so much.',
  ),
  breaker_open: means(
    'warn',
    'The circuit breaker has opened: new failures stop their partition, few messages are tried.',
    'See `reason` and `detail`: what do the handlers depend on?',
  ),
  breaker_half_open: means('info', 'Probes succeed: a few more messages are tried.'),
  breaker_reopened: means(
    'info',
    'Probes fail again: the breaker is open again, and goes on trying by itself.',
  ),
  breaker_closed: means('info', 'The circuit breaker has closed.'),
  breaker_unwatched: means('warn', 'Redis did not answer: the breaker stays as it is.'),
  breaker_goes_on: means('info', 'The circuit breaker is watched again.'),
  probes_wait: means('warn', 'Redis did not say which probes may be sent; none is.'),
  probes_go_on: means('info', 'Redis says again which probes may be sent.'),
  redelivery_slow: means('info', 'Redelivery begins slowly again, after a start or an outage (`why`).'),
  redelivery_slower: means('info', 'Redelivery slows down: most fail, or the group falls behind.'),
  load_unknown: means('warn', 'Redis did not say how much of the route it holds; asked again.'),
  load_known: means('info', 'Redis says again how much of the route it holds.'),
  standstill_delayed: means('debug', 'Redis was not told that reading stands still; told again.'),
  failures_not_counted: means(
    'warn',
    'Redis did not take a second of the failure counts. Only listings lack it.',
  ),
  failures_counted: means('info', 'Failures are counted again.'),
} as const;

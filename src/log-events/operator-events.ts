import { means } from './log-event.ts';

export const operatorEvents = {
  audit: means(
    'info',
    'Somebody acted through the API, was refused, or the service did by itself what an operator would have to (`who`).',
  ),
  audit_not_kept: means(
    'warn',
    'A deed of an operator could not be kept in Redis or the topic of the audit: it stands in the log alone.',
    'Keep this log; see whether Redis or Kafka (`where`) answers.',
  ),
  log_level_back: means('info', 'The log level fell back to the configured one; its time was over.'),
  route_control: means('info', 'A route was paused or resumed, or its breaker changed.'),
  control_unknown: means(
    'warn',
    'Redis does not say what operators have switched; what was known last counts.',
    'See whether Redis answers.',
  ),
  control_known: means('info', 'Redis says again what operators have switched.'),
  request_failed: means(
    ['error', 'warn'],
    'A call of the API was answered with 5xx (`status`): `error` for a mistake in the service, else `warn`.',
    'At `error` report it, with `err`; else see what `err` says is away.',
  ),
  no_authentication: means(
    ['warn', 'info'],
    'The API is open to whoever reaches it. `info` where the configuration says that this is meant.',
    'Set `http.auth`.',
  ),
  issuer_unreachable: means(
    'warn',
    'The issuer of JWTs does not give its keys; those it gave last count.',
    'See whether the issuer answers from here.',
  ),
  token_file_unusable: means(
    'warn',
    'A file of tokens can not be used; what was read of it before counts.',
    'Mend the file at `path`; `error` says what is wrong.',
  ),
  token_file_read: means('info', 'A file of tokens can be read again.'),
} as const;

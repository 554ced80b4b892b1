import { HEADER } from '../domain/header-names.ts';
import { announcementHeaders } from '../domain/outgoing-headers.ts';
import type { GivenHeaders } from './contract.ts';
import type { DescribedError } from './describe-error.ts';
import type { Origin } from './record.ts';

/**
 * The headers that the service would have given, and the one that says that it has not. `error`: what the handler threw;
 * `undefined`: the record stands behind one that failed.
 */
export function aloneHeaders(
  route: string,
  claim: string,
  origin: Origin,
  error: DescribedError | undefined,
): GivenHeaders {
  const announced = {
    ...{ route, claim, origin, notBefore: 0 },
    attempt: error === undefined ? 0 : 1,
    errorClass: error?.class ?? '',
    errorMessage: error?.message ?? '',
    fatal: error?.fatal === true,
  };
  // A delay and not a time: this clock is not the shard's, and its record has a timestamp to count from.
  const wish = error?.retryAfterMs === undefined ? {} : { [HEADER.delay]: String(error.retryAfterMs) };
  return { ...announcementHeaders(announced), ...wish, [HEADER.unannounced]: 'true' };
}

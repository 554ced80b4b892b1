import { keyOf } from '../domain/unit.ts';
import type { Job } from '../penalty-box/entry.ts';
import { decodePayload, lastErrorOf } from '../penalty-box/payload.ts';
import type { Home } from '../penalty-box/payload.ts';
import type { GivenUp } from './digest.ts';

/** What is told of a message that was written to the dead-letter topic; null: it was not. `hold`: it parks its key. */
export function givenUp(job: Job, home: Home, hold: boolean, at: number): GivenUp | null {
  const reason = job.deadLetter;
  if (reason === null) return null;
  const payload = decodePayload(job.payload, home);
  const key = keyOf(job.unit);
  return {
    origin: payload.origin,
    key: key ?? payload.key,
    attempt: job.attempt,
    reason,
    errorClass: lastErrorOf(job, payload).errorClass,
    parks: hold && key !== null && reason !== 'operator',
    at,
  };
}

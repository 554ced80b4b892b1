import { capped } from '../domain/capped.ts';
import { parseToken } from '../domain/delivery-token.ts';
import { ERROR_CLASS_LIMIT, ERROR_MESSAGE_LIMIT } from '../domain/header-names.ts';
import type { KeyFields } from '../domain/key-fields.ts';
import { announcementHeaders } from '../domain/outgoing-headers.ts';
import { originOffsetOf } from '../domain/place.ts';
import type { Place } from '../domain/place.ts';
import { foreignUnit, freshUnit, keyUnit, originUnit } from '../domain/unit.ts';
import type { Unit } from '../domain/unit.ts';
import type { Failure, GateRecord, Outstanding, Redirect } from '../penalty-box/gate-box.ts';
import { keyOfFields } from './keys.ts';
import type { RouteDesk } from './route-desk.ts';

interface RecordFields extends KeyFields {
  readonly offset: number;
  readonly delivery?: string;
  readonly hold?: boolean;
}

interface ErrorFields {
  readonly class: string;
  readonly message: string;
  readonly fatal?: boolean;
  readonly retryAfterMs?: number;
}

interface OutstandingFields extends KeyFields {
  readonly offset: number;
  readonly attempt: number;
  readonly error?: ErrorFields;
}

/** Longer waits than these 34 years would not fit where times are kept. */
const LONGEST_WAIT = 2 ** 40;

/** A record as the box takes it. `list` and `index` say where it stands in the request. */
export function gateRecord(fields: RecordFields, list: string, index: number): GateRecord {
  const key = keyOfFields(fields, () => `${list}[${index}].`);
  const { offset, delivery } = fields;
  if (delivery === undefined) {
    return { unit: freshUnit(key, offset), origin: offset, token: null, mayHold: fields.hold !== false };
  }
  const token = parseToken(delivery) ?? 'unreadable';
  if (key !== null) return { unit: keyUnit(key), origin: offset, token };
  // A message without a key is its own unit, which its token names better than its headers do.
  return { unit: token === 'unreadable' ? originUnit(offset) : unitAt(token.place), origin: offset, token };
}

export function outstandingRecords(
  fields: readonly OutstandingFields[] | undefined,
  path: string,
): Outstanding[] {
  if (fields === undefined) return [];
  return fields.map((each, index) => ({
    unit: freshUnit(
      keyOfFields(each, () => `${path}[${index}].`),
      each.offset,
    ),
    origin: each.offset,
    attempt: each.attempt,
    failure: each.error === undefined ? null : failure(each.error),
  }));
}

/** A handler's error, no longer than its headers may be. */
export function failure(error: ErrorFields | undefined): Failure {
  return {
    errorClass: capped(error?.class ?? '', ERROR_CLASS_LIMIT),
    errorMessage: capped(error?.message ?? '', ERROR_MESSAGE_LIMIT),
    fatal: error?.fatal === true,
    retryAfter: Math.min(Math.ceil(error?.retryAfterMs ?? 0), LONGEST_WAIT),
  };
}

/** The headers under which a redirected record is published. */
export function redirectHeaders(
  { config }: RouteDesk,
  partition: number,
  offset: number,
  redirect: Redirect,
): Record<string, string> {
  return announcementHeaders({
    route: config.name,
    origin: { topic: config.topic, partition, offset },
    attempt: redirect.attempt,
    errorClass: redirect.errorClass,
    errorMessage: redirect.errorMessage,
    fatal: redirect.fatal,
    claim: redirect.claim,
    notBefore: redirect.notBefore,
  });
}

/** The unit of the only message at this place. */
function unitAt(place: Place): Unit {
  const origin = originOffsetOf(place);
  return origin === null ? foreignUnit(place.readUIntBE(10, 6) - 1) : originUnit(origin);
}

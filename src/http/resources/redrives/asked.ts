import { createHash } from 'node:crypto';
import type { Static } from 'typebox';
import type { RouteConfig } from '../../../config/config.ts';
import { HEADER_PREFIX } from '../../../domain/header-names.ts';
import type { RedriveWish } from '../../../redrive/redrive-desk.ts';
import type { Edit } from '../../../redrive/redrive-store.ts';
import type { FilterFields } from '../../../redrive/selection.ts';
import { timeOf } from '../../times.ts';
import { base64, invalid, keyOfFields } from '../../keys.ts';
import type { RedriveBody } from './schemas.ts';

type Body = Static<typeof RedriveBody>;

/** What the body of a creation means. @throws INVALID */
export function askedFor(
  body: Body,
  { deadLetters }: Pick<RouteConfig, 'deadLetters'>,
  caller: { readonly who: string; readonly idempotencyKey: string | undefined },
  now: number,
): RedriveWish {
  const { reason, maxPerSecond = null, dryRun = false } = body;
  const edit = body.edit === undefined ? null : editOf(body.edit);
  if (edit !== null) {
    if (!deadLetters.allowEdit) {
      throw invalid('editing is off for this route; deadLetters.allowEdit: true allows it');
    }
    if (body.positions?.length !== 1) throw invalid('edit is for exactly one position');
  }
  const { who, idempotencyKey: name } = caller;
  const request =
    name === undefined ? null : { name: digestOf(name), digest: digestOf(JSON.stringify(body)) };
  return { what: whatOf(body, now), who, reason, maxPerSecond, dryRun, edit, request };
}

function whatOf({ positions, filter, all }: Body, now: number): RedriveWish['what'] {
  if ([positions, filter, all].filter((each) => each !== undefined).length !== 1) {
    throw invalid('give one of positions, filter and all');
  }
  if (positions !== undefined) return { kind: 'positions', positions };
  if (filter !== undefined) return { kind: 'filter', filter: filterOf(filter, now) };
  return { kind: 'all' };
}

function filterOf(
  { key, keyBase64, from, to, ...rest }: NonNullable<Body['filter']>,
  now: number,
): FilterFields {
  const given = { ...(key === undefined ? {} : { key }), ...(keyBase64 === undefined ? {} : { keyBase64 }) };
  const bytes = keyOfFields(given, () => 'filter.');
  const time = (written: number | string, name: string): number =>
    typeof written === 'number' ? written : timeOf(written, now, `filter.${name}`);
  return {
    ...rest,
    ...(bytes === null ? {} : { keyBase64: bytes.toString('base64') }),
    ...(from === undefined ? {} : { from: time(from, 'from') }),
    ...(to === undefined ? {} : { to: time(to, 'to') }),
  };
}

function editOf({ value, valueBase64, headers }: NonNullable<Body['edit']>): Edit {
  if (value !== undefined && valueBase64 !== undefined) {
    throw invalid('edit.value and edit.valueBase64 are both there; give one');
  }
  return {
    value:
      value === null
        ? { base64: null }
        : value === undefined && valueBase64 === undefined
          ? null
          : { base64: bytesOf({ value, valueBase64 }, 'edit.').toString('base64') },
    headers:
      headers?.map(({ name, ...header }, i) => {
        if (name.startsWith(HEADER_PREFIX))
          throw invalid(`edit.headers[${i}].name begins with ${HEADER_PREFIX}`);
        return { name, base64: bytesOf(header, `edit.headers[${i}].`).toString('base64') };
      }) ?? null,
  };
}

function bytesOf(
  { value, valueBase64 }: { value?: string | undefined; valueBase64?: string | undefined },
  path: string,
): Buffer {
  if ((value === undefined) === (valueBase64 === undefined))
    throw invalid(`${path}value or ${path}valueBase64: give one`);
  const bytes = value === undefined ? base64(valueBase64 ?? '') : Buffer.from(value, 'utf8');
  if (bytes === null) throw invalid(`${path}valueBase64 is not base64`);
  return bytes;
}

/** Neither the name that a caller chose nor what it asked for is kept as it is. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import type { Origin } from '../domain/record.ts';
import { applicationHeaders } from '../domain/outgoing-headers.ts';
import type { FoundRecord } from '../kafka/place-reader.ts';
import type { Edit } from './redrive-store.ts';

interface Sources {
  readonly topic: string;
  /** Of the route's main topic, by partition. */
  readonly ranges: () => Promise<ReadonlyMap<number, { readonly first: number; readonly end: number }>>;
  readonly read: (origin: Origin) => Promise<FoundRecord>;
}

export type Whole =
  | { readonly kind: 'whole'; readonly letter: DeadLetter }
  | { readonly kind: 'missing'; readonly problem: string };

/**
 * The dead letter with what it left at its origin: its value, of a share group all of it. Only the route's own topic is
 * read, whatever a header says. Rejects where Kafka does not answer.
 */
export async function wholeMessage(letter: DeadLetter, sources: Sources): Promise<Whole> {
  const { origin, keyAtOrigin, valueAtOrigin } = letter;
  if (!keyAtOrigin && !valueAtOrigin) return { kind: 'whole', letter };
  if (origin === null) return missing('its value was left at its origin, and nothing says where that is');
  const at = `${origin.topic}/${origin.partition} at ${origin.offset}`;
  if (origin.topic !== sources.topic) {
    return missing(`its value was left at ${at}, which is not the main topic of the route`);
  }
  const range = (await sources.ranges()).get(origin.partition);
  const there = range !== undefined && origin.offset >= range.first && origin.offset < range.end;
  const found = there ? await sources.read(origin) : null;
  if (found?.kind !== 'read') return missing(`its value was left at ${at}, and is not there any more`);
  const { key, value, headers, timestamp } = found;
  if (!keyAtOrigin) return { kind: 'whole', letter: { ...letter, value } };
  const whole = { key, value, applicationHeaders: applicationHeaders(headers) };
  const originTimestamp = letter.originTimestamp ?? (timestamp < 0 ? null : timestamp);
  return { kind: 'whole', letter: { ...letter, ...whole, originTimestamp } };
}

/** The dead letter as an operator wants it. */
export function edited(letter: DeadLetter, { value, headers }: Edit): DeadLetter {
  const bytes = value?.base64 ?? null;
  return {
    ...letter,
    ...(value === null
      ? {}
      : { value: bytes === null ? null : Buffer.from(bytes, 'base64'), valueAtOrigin: false }),
    ...(headers === null
      ? {}
      : {
          applicationHeaders: headers.map(
            ({ name, base64 }) => [name, Buffer.from(base64, 'base64')] as const,
          ),
        }),
  };
}

function missing(problem: string): Whole {
  return { kind: 'missing', problem };
}

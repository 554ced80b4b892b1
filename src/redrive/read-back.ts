import { HEADER } from '../domain/header-names.ts';
import { headerText } from '../domain/record.ts';
import type { RangeReader } from '../kafka/range-reader.ts';
import { Positions } from './positions.ts';
import { parseCopyId } from './retry-copy.ts';

const BATCH = 1_000;
const PATIENCE = 1_000;

/**
 * What a redrive has published since: its copies in the retry topic from these places (by retry partition) up to these ends.
 * The reader must see all that is there: copies behind somebody's open transaction, too.
 */
export async function publishedSince(
  reader: Pick<RangeReader, 'assign' | 'next'>,
  places: readonly number[],
  ends: ReadonlyMap<number, { readonly end: number }>,
  redrive: string,
): Promise<Positions> {
  await reader.assign(
    places.map((from, partition) => ({ partition, from, to: ends.get(partition)?.end ?? 0 })),
  );
  const found = new Positions();
  for (;;) {
    const records = await reader.next(BATCH, PATIENCE);
    if (records === null) return found;
    for (const { headers } of records) {
      const position = parseCopyId(headerText(headers, HEADER.redrive) ?? '', redrive);
      if (position !== null) found.add(position);
    }
  }
}

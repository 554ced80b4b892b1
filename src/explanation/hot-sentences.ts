import type { HotFacts } from './facts.ts';
import { several } from './words.ts';

/** A key is called hot among the first so many, with so many messages, and at least so large a share of all. */
const RANKS = 10;
const MESSAGES = 10;
const SHARE = 0.01;

/** Where a key stands among those of its route that hold most messages; null: it is not hot. Pure. */
export function heatOf(
  isIt: (index: number) => boolean,
  { keys, total }: { readonly keys: readonly { readonly held: number }[]; readonly total: number },
): HotFacts | null {
  const index = keys.slice(0, RANKS).findIndex((_, i) => isIt(i));
  const held = keys[index]?.held ?? 0;
  return held < MESSAGES || held < SHARE * total ? null : { rank: index + 1, held, total };
}

export function hotSentences(hot: HotFacts | null): string[] {
  if (hot === null) return [];
  const { rank, held, total } = hot;
  const which = rank === 1 ? 'the hottest key' : `among the hottest keys (number ${rank})`;
  const share = ((100 * held) / total).toFixed(held === total ? 0 : 1);
  return [
    `It is ${which} of the route: ${several(held, 'message')} of ${total} that are held belong to it (${share} %).`,
  ];
}

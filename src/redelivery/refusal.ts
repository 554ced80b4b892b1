import type { SendResult } from '../kafka/send.ts';

/**
 * What is done about a publish that was not acknowledged.
 *
 * - `again`: it concerns all records, or nobody knows; like all others it is sent until Kafka takes it.
 * - `count`: it was refused for its own sake; too often in a row, and it is undeliverable.
 * - `undeliverable`: that is certain already.
 * - `bare`: a dead letter goes without its value, which is kept in the retry topic.
 * - `wait`: not even that is taken; only an operator can help, and its key waits.
 */
export type AfterRefusal = 'again' | 'count' | 'undeliverable' | 'bare' | 'wait';

/** Pure. `bareable`: the dead letter has a value to leave out. */
export function afterRefusal(
  kind: Exclude<SendResult['kind'], 'written'>,
  letter: { readonly bareable: boolean } | null,
): AfterRefusal {
  if (kind === 'unknown') return 'again';
  if (letter === null) return kind === 'too-large' ? 'undeliverable' : 'count';
  return kind === 'too-large' && letter.bareable ? 'bare' : 'wait';
}

import type { DeadLetterDesk } from '../../../dead-letters/dead-letter-desk.ts';
import type { Position } from '../../../dead-letters/dead-letter.ts';

interface Dismissed {
  readonly dismissed: number;
  readonly unchanged: number;
  readonly unknown: Position[];
}

/** Done twice it changes nothing. `by`: the request. @throws OrchestratorError NOT_READY, UNAVAILABLE */
export async function dismiss(
  deadLetters: Pick<DeadLetterDesk, 'index' | 'has'>,
  positions: readonly Position[],
  by: string,
): Promise<Dismissed> {
  const { index } = deadLetters;
  const byPartition = new Map<number, Set<number>>();
  for (const { partition, offset } of positions) {
    const offsets = byPartition.get(partition) ?? new Set();
    byPartition.set(partition, offsets.add(offset));
  }
  let dismissed = 0;
  let unchanged = 0;
  const unknown: Position[] = [];
  for (const [partition, offsets] of byPartition) {
    if (!deadLetters.has(partition)) {
      unknown.push(...[...offsets].map((offset) => ({ partition, offset })));
      continue;
    }
    const open: number[] = [];
    for (const [offset, standing] of await index.standings(partition, offsets)) {
      if (standing === 'open') open.push(offset);
      else if (standing === 'none') unknown.push({ partition, offset });
      else unchanged++;
    }
    if (open.length > 0) await index.settle(partition, open, 'dismissed', by);
    dismissed += open.length;
  }
  return { dismissed, unchanged, unknown };
}

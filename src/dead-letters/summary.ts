import { accepted } from './dead-letter-index.ts';
import type { IndexScripts } from './index-scripts.ts';

/** Open dead letters of one reason and error class. Times in epoch ms. */
export interface DeadLetterGroup {
  /** null, both: what is left above a thousand groups. */
  readonly reason: string | null;
  readonly errorClass: string | null;
  readonly count: number;
  readonly oldest: number;
  readonly newest: number;
}

/** Groups in one script. */
const AT_ONCE = 100;

/** Those with the most first. @throws OrchestratorError NOT_READY, UNAVAILABLE */
export async function summarise(scripts: Pick<IndexScripts, 'run' | 'names'>): Promise<DeadLetterGroup[]> {
  const names = await scripts.names();
  const groups: DeadLetterGroup[] = [];
  for (let i = 0; i < names.length || i === 0; i += AT_ONCE) {
    const part = names.slice(i, i + AT_ONCE);
    const figures = accepted(
      await scripts.run(
        'groups',
        0,
        part.map(([hash]) => hash),
      ),
    ).map(Number);
    for (const [n, [, name]] of part.entries()) {
      const [count = 0, oldest = 0, newest = 0] = figures.slice(3 * n, 3 * n + 3);
      const [reason = '', errorClass] = name.toString('utf8').split('\0');
      const named = errorClass === undefined ? { reason: null, errorClass: null } : { reason, errorClass };
      if (count > 0) groups.push({ ...named, count, oldest, newest });
    }
  }
  return groups.sort((a, b) => b.count - a.count || b.newest - a.newest);
}

import type { RecordedDeed } from '../../src/audit/deed.ts';
import type { Trail, TrailPage, TrailQuery } from '../../src/audit/trail.ts';

/** The deeds of one test; `failure` makes the next ones get lost. */
export class MemoryTrail implements Trail {
  readonly deeds: RecordedDeed[] = [];
  failure: Error | null = null;

  append(deed: RecordedDeed): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    this.deeds.push(deed);
    return Promise.resolve();
  }

  read({ limit }: TrailQuery): Promise<TrailPage> {
    const newestFirst = this.deeds.map((deed, index) => ({ ...deed, id: `${index}-0` })).reverse();
    return Promise.resolve({ deeds: newestFirst.slice(0, limit), cursor: null });
  }
}

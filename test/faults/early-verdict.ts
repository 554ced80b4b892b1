import { checkSoFar, type Verdict } from './checker.ts';
import type { Chronicle } from './chronicle.ts';
import type { PlannedFault } from './plan/faults.ts';
import { policies } from './routes.ts';

/** What happened this long ago has been written down, and collected. */
const COLLECTED_MS = 10_000;
/** What happened so shortly before a fault may have been kept from being collected by it. */
const DISTURBED_MS = 5_000;
const EVERY_MS = 5_000;

/** Judges a run that goes on by what can not change any more. */
export class EarlyVerdict {
  readonly #lasting = new Map<PlannedFault, number>();
  readonly #broken = new AbortController();
  #next = 0;
  /** The first one with a violation. */
  found: Verdict | undefined;

  begun(fault: PlannedFault): void {
    this.#lasting.set(fault, Date.now());
  }

  over(fault: PlannedFault): void {
    this.#lasting.delete(fault);
  }

  /** Aborted when a violation is found. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  judge(chronicle: Chronicle): void {
    if (this.found !== undefined || performance.now() < this.#next) return;
    const until = Math.min(
      Date.now() - COLLECTED_MS,
      ...[...this.#lasting.values()].map((at) => at - DISTURBED_MS),
    );
    const verdict = checkSoFar(chronicle.sorted, policies, until);
    this.#next = performance.now() + EVERY_MS;
    if (verdict.violations === 0) return;
    this.found = verdict;
    this.#broken.abort(new Error('a promise is broken'));
  }
}

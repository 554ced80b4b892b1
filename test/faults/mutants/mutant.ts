import type { PromiseName } from '../checker/verdict.ts';
import type { FaultKind } from '../history.ts';

/** A bug that could be in the service or in its gate: a small change of one file under src/. */
export interface Mutant {
  readonly name: string;
  readonly what: string;
  readonly file: string;
  /** Is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What it may break first. */
  readonly breaks: readonly PromiseName[];
  /** Under which it shows soon; otherwise any. */
  readonly faults?: readonly FaultKind[];
  /** It takes several of them at once. */
  readonly together?: true;
}

export function mutated(source: string, { name, file, find, replace }: Mutant): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`mutant ${name}: what it replaces is in ${file} ${parts.length - 1} times, not once`);
  }
  return parts.join(replace);
}

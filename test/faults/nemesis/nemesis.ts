import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../history.ts';
import type { PlannedFault } from '../plan/faults.ts';
import type { Stage } from '../stage/stage.ts';
import { acts } from './acts.ts';
import { Resources } from './resources.ts';

interface Deps {
  readonly stage: Stage;
  /** Hears of each fault when it begins. */
  readonly onBegin: (fault: PlannedFault) => void;
  /** And when what was taken away is there again: once for each process or connection that was hit. */
  readonly onEnd: (fault: Fault) => void;
  /** After that. */
  readonly onOver: (fault: PlannedFault) => void;
  readonly signal: AbortSignal;
}

/** Does what the plan says, each at its time; resolves when everything is well again. */
export async function torment(plan: readonly PlannedFault[], start: number, deps: Deps): Promise<void> {
  const { stage, onBegin, onEnd, onOver, signal } = deps;
  const resources = new Resources();
  // Every fault of the plan waits for its time.
  setMaxListeners(plan.length + 20, signal);
  await Promise.all(
    plan.map(async (fault) => {
      await sleep(Math.max(0, fault.atMs - (performance.now() - start)), undefined, { signal });
      const { kind, target, forMs } = fault;
      const { uses, hits, act } = acts[kind];
      // What is not yet back from the fault before is waited for: two at once of the same kind are not what is planned.
      await resources.holding(uses(target), async () => {
        signal.throwIfAborted();
        onBegin(fault);
        const at = Date.now();
        await act({ stage, fault, last: () => sleep(forMs, undefined, { signal }) });
        const until = Date.now();
        for (const name of hits(target)) onEnd({ type: 'fault', kind, target: name, at, until });
        onOver(fault);
      });
    }),
  );
}

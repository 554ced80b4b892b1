import { setTimeout as sleep } from 'node:timers/promises';
import type { Chronicle } from './chronicle.ts';
import type { Remains } from './history.ts';
import { nothingRemains, type RouteState, stateOf } from './remains.ts';
import { modes } from './routes.ts';
import type { Stage } from './stage/stage.ts';

/** Generous: when this has passed in calm, something is stuck. */
const LIMIT_MS = 150_000;
/** When nothing is left to do for so long, what has no end by then is lost. */
const LOST_MS = 10_000;
const EVERY_MS = 500;
const SHOWN = 5;

export interface Settled {
  readonly remains: readonly Remains[];
  /** What did not come to its end; empty when everything did. */
  readonly missing: readonly string[];
}

/** Waits until every message has its end, is committed, and the service has nothing left; or says what is missing. */
export async function settle(
  stage: Stage,
  chronicle: Chronicle,
  collect: () => Promise<void>,
  signal: AbortSignal,
): Promise<Settled> {
  const deadline = performance.now() + LIMIT_MS;
  let idleSince = Infinity;
  for (;;) {
    await collect();
    const states = await Promise.all(modes.map((mode) => stateOf(mode, stage.services.values())));
    const lags = await Promise.all(modes.map((mode) => stage.topics.lag(mode).catch(() => undefined)));
    const remains = states.flatMap((state) => state?.remains ?? []);
    const isIdle =
      states.every((state) => state !== undefined && nothingRemains(state)) && lags.every((lag) => lag === 0);
    if (isIdle && chronicle.unresolved.length === 0) return { remains, missing: [] };
    const now = performance.now();
    idleSince = isIdle ? Math.min(idleSince, now) : Infinity;
    if (now > deadline || now - idleSince > LOST_MS) {
      return { remains, missing: missingOf(chronicle, states, lags) };
    }
    await sleep(EVERY_MS, undefined, { signal });
  }
}

function missingOf(
  chronicle: Chronicle,
  states: readonly (RouteState | undefined)[],
  lags: readonly (number | undefined)[],
): string[] {
  const { unresolved } = chronicle;
  return [
    `${unresolved.length} messages without an end`,
    ...unresolved.slice(0, SHOWN).map((sent) => `  ${JSON.stringify(sent)}`),
    ...modes.map((mode, i) => {
      const state = states[i];
      if (state === undefined) return `${mode}: the service does not answer; lag ${lags[i]}`;
      const { lockedKeys, heldMessages, inFlight } = state.remains;
      return [
        `${mode}: ${lockedKeys} keys locked, ${heldMessages} messages held, ${inFlight} in flight, lag ${lags[i]}`,
        ...state.problems,
      ].join('; ');
    }),
  ];
}

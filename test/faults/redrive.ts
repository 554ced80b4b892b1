import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chronicle } from './chronicle.ts';
import { torment } from './nemesis/nemesis.ts';
import type { FaultOptions } from './options.ts';
import { faultsOf, type PlannedFault } from './plan/faults.ts';
import { modes } from './routes.ts';
import type { Stage } from './stage/stage.ts';

/** For how long there are faults while the jobs run. */
const FAULTS_MS = 32_000;
/** The jobs are held back so that they last about so long without faults. */
const JOB_SECONDS = 16;
/** A job that is not done by then is stuck. */
const LIMIT_MS = 150_000;
const EVERY_MS = 500;

interface Deps {
  readonly stage: Stage;
  readonly chronicle: Chronicle;
  readonly collect: () => Promise<void>;
  readonly onBegin: (fault: PlannedFault) => void;
  readonly signal: AbortSignal;
}

export interface RedriveRun {
  /** Since then, epoch ms, dead letters come again. */
  readonly at: number;
  /** What did not come to its end. */
  readonly missing: readonly string[];
}

/** Has all dead letters come again, route by route, while the nemesis goes on. Resolves when the jobs are done. */
export async function redrive({ seed, kinds, overlapping }: FaultOptions, deps: Deps): Promise<RedriveRun> {
  const { stage, chronicle, collect, onBegin, signal } = deps;
  stage.mend();
  const at = Date.now();
  const begun = performance.now();
  const letters = new Map(modes.map((mode) => [mode, 0]));
  for (const line of chronicle.lines) {
    if (line.type !== 'dead-letter') continue;
    const mode = modes.find((each) => each === line.route);
    if (mode !== undefined) letters.set(mode, (letters.get(mode) ?? 0) + 1);
  }
  const going = modes.filter((mode) => (letters.get(mode) ?? 0) > 0);
  const plan = faultsOf({ seed: seed + 1, loadMs: FAULTS_MS, kinds, overlapping });
  const jobs = going.map(async (mode) => {
    const path = `/v1/routes/${mode}/redrives`;
    const body = { all: true, reason: 'it is mended', maxPerSecond: perSecond(letters.get(mode) ?? 0) };
    const key = randomUUID();
    const deadline = begun + LIMIT_MS;
    const job = await insist(stage, path, { body, key, deadline, signal });
    if (job === undefined) return `${mode}: the redrive could not be begun`;
    for (;;) {
      const seen = await insist(stage, `${path}/${job.id}`, { deadline, signal });
      if (seen === undefined) return `${mode}: nobody tells of its redrive`;
      if (seen.state === 'done') return undefined;
      if (performance.now() > deadline || seen.state !== 'running')
        return `${mode}: its redrive is ${JSON.stringify(seen)}`;
      await sleep(EVERY_MS, undefined, { signal });
    }
  });
  const tormenting = torment(plan, begun, {
    ...{ stage, signal, onBegin },
    onEnd: (fault) => {
      chronicle.add(fault);
    },
    onOver: () => undefined,
  });
  const [ends] = await Promise.all([Promise.all(jobs), tormenting]);
  await collect();
  return { at, missing: ends.filter((end) => end !== undefined) };
}

function perSecond(count: number): number {
  return Math.max(1, Math.ceil(count / JOB_SECONDS));
}

interface Job {
  readonly id: string;
  readonly state: string;
}

interface Asked {
  readonly body?: object;
  readonly key?: string;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Asks one replica after another, again and again, until one answers; undefined: none did in time. */
async function insist(stage: Stage, path: string, asked: Asked): Promise<Job | undefined> {
  const { body, key = '', deadline, signal } = asked;
  while (performance.now() < deadline) {
    for (const { url } of stage.services.values()) {
      const answer = await fetch(url + path, {
        signal: AbortSignal.timeout(5_000),
        ...(body === undefined
          ? {}
          : {
              method: 'POST',
              headers: { 'content-type': 'application/json', 'idempotency-key': key },
              body: JSON.stringify(body),
            }),
      }).catch(() => undefined);
      if (answer?.ok === true) return (await answer.json()) as Job;
      await answer?.body?.cancel();
    }
    await sleep(EVERY_MS, undefined, { signal });
  }
  return undefined;
}

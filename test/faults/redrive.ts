import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chronicle } from './chronicle.ts';
import { torment } from './nemesis/nemesis.ts';
import type { FaultOptions } from './options.ts';
import { faultsOf, type PlannedFault } from './plan/faults.ts';
import type { Mode } from './history.ts';
import { modes } from './routes.ts';
import type { Stage } from './stage/stage.ts';

/** For how long there are faults while the jobs run, the calm at their end included. */
const FAULTS_MS = 42_000;
/** The jobs are held back so that they last about so long without faults. */
const JOB_SECONDS = 24;
/** Whoever runs the jobs dies in the middle of them, whatever else the plan has. */
const KILLED: PlannedFault = { kind: 'service-killed', target: 'all', atMs: 4_000, forMs: 500, amount: 0 };
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
  const planned = faultsOf({ seed: seed + 1, loadMs: FAULTS_MS, kinds, overlapping });
  const plan = kinds.includes(KILLED.kind) ? [KILLED, ...planned] : planned;
  const jobs = going.map(async (mode) => {
    const maxPerSecond = perSecond(letters.get(mode) ?? 0);
    return runJob(stage, mode, maxPerSecond, { deadline: begun + LIMIT_MS, signal });
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

interface Until {
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Resolves when a job has done it all, or with what went wrong. */
async function runJob(
  stage: Stage,
  mode: Mode,
  maxPerSecond: number,
  until: Until,
): Promise<string | undefined> {
  const path = `/v1/routes/${mode}/redrives`;
  const body = { all: true, reason: 'it is mended', maxPerSecond };
  const begin = () => insist(stage, path, { body, key: randomUUID(), ...until });
  let job = await begin();
  while (job !== undefined && performance.now() < until.deadline) {
    if (job.state === 'done') return undefined;
    if (job.state !== 'running') return `${mode}: its redrive is ${JSON.stringify(job)}`;
    await sleep(EVERY_MS, undefined, { signal: until.signal });
    // Redis has lost it with all else: what an operator would do is to begin another one.
    job = (await insist(stage, `${path}/${job.id}`, until)) ?? (await begin());
  }
  return `${mode}: its redrive came to no end in time: ${JSON.stringify(job)}`;
}

interface Job {
  readonly id: string;
  readonly state: string;
}

interface Asked extends Until {
  readonly body?: object;
  readonly key?: string;
}

/** Asks one replica after another, again and again, until one answers; undefined: it knows of no such job, or none did in time. */
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
      if (answer?.status === 404) return undefined;
    }
    await sleep(EVERY_MS, undefined, { signal });
  }
  return undefined;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../../dev/demo/abortable.ts';
import type { Verdict } from './checker.ts';
import type { Chronicle } from './chronicle.ts';
import { EarlyVerdict } from './early-verdict.ts';
import { torment } from './nemesis/nemesis.ts';
import type { FaultOptions } from './options.ts';
import type { PlannedFault } from './plan/faults.ts';
import { loadOf } from './plan/load.ts';
import { Producer } from './producer.ts';
import { modes } from './routes.ts';
import { redrive } from './redrive.ts';
import { settle } from './settle.ts';
import type { Stage } from './stage/stage.ts';

const COLLECT_MS = 1_000;
const PROGRESS_MS = 15_000;

type Say = (line: string) => void;

export interface Played {
  /** What has no end. */
  readonly missing: readonly string[];
  /** A violation that was found on the way; the run did not go on. */
  readonly early: Verdict | undefined;
  /** Since when the dead letters came again, epoch ms; undefined: it did not come to that. */
  readonly redrivenAt: number | undefined;
}

interface Deps {
  readonly stage: Stage;
  readonly chronicle: Chronicle;
  readonly faults: readonly PlannedFault[];
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** What happens, from the start of the processes until everything has its end. */
export async function play(options: FaultOptions, deps: Deps): Promise<Played> {
  const { stage, chronicle, signal } = deps;
  deps.say('starting two replicas of the service and three consumers');
  await abortable(startEverybody(stage), signal);

  const start = performance.now();
  const say: Say = (line) => {
    deps.say(`${((performance.now() - start) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const early = await loadAndTorment(options, start, { ...deps, say });
  if (early !== undefined) return { missing: [], early, redrivenAt: undefined };

  say('calm: waiting until every message has its end');
  const missing = await calm({ ...deps, say });
  if (missing.length > 0 || options.untilBroken) return { missing, early, redrivenAt: undefined };

  say('mended: every dead letter comes again');
  const again = await redrive(options, {
    ...{ stage, chronicle, signal },
    collect: () => collect(deps),
    onBegin: (fault) => {
      say(nameOf(fault));
    },
  });
  say('calm: waiting until every one of them has its end');
  const left = [...again.missing, ...(await calm({ ...deps, say }))];
  return { missing: left, early, redrivenAt: again.at };
}

/** Resolves with what has no end when nothing more happens. */
async function calm(deps: Deps): Promise<readonly string[]> {
  const { stage, chronicle, say, signal } = deps;
  const { remains, missing } = await settle(stage, chronicle, () => collect(deps), signal);
  for (const line of remains) chronicle.add(line);
  say(missing.length === 0 ? 'every message has its end' : 'gave up waiting');
  return missing;
}

async function startEverybody({ services, consumers }: Stage): Promise<void> {
  for (const { member } of services.values()) member.start();
  await Promise.all([...services.values()].map((service) => service.ready()));
  for (const { member } of consumers.values()) member.start();
  await Promise.all([...consumers.values()].map((consumer) => consumer.assigned()));
}

/** Resolves when all is sent and everything is well again; or, if that is to end the run, with the first violation. */
async function loadAndTorment(
  options: FaultOptions,
  start: number,
  deps: Deps,
): Promise<Verdict | undefined> {
  const { stage, chronicle, faults, say, signal } = deps;
  await using producer = await Producer.connect(stage.inside, (sent) => {
    chronicle.add(sent);
  });
  const early = new EarlyVerdict();
  const going = AbortSignal.any([signal, early.broken]);
  const over = new AbortController();
  const look = async (): Promise<void> => {
    await collect(deps);
    if (options.untilBroken) early.judge(chronicle);
  };
  const acts = Promise.all([
    producer.send(wholeLoad(options), start, going),
    torment(faults, start, {
      ...{ stage, signal: going },
      onBegin: (fault) => {
        early.begun(fault);
        say(nameOf(fault));
      },
      onEnd: (fault) => {
        chronicle.add(fault);
      },
      onOver: (fault) => {
        early.over(fault);
      },
    }),
  ]).finally(() => {
    over.abort();
  });
  try {
    await Promise.all([acts, watch(chronicle, look, say, over.signal)]);
  } catch (error) {
    if (early.found === undefined) throw error;
  }
  return early.found;
}

function wholeLoad({ seed, loadMs, perSecond }: FaultOptions) {
  return modes
    .flatMap((route) => {
      const load = loadOf({ seed, route, loadMs, perSecond: perSecond / modes.length });
      return load.map((message) => ({ ...message, route }));
    })
    .sort((a, b) => a.atMs - b.atMs);
}

async function watch(
  chronicle: Chronicle,
  look: () => Promise<void>,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  let next = performance.now() + PROGRESS_MS;
  while (!signal.aborted) {
    await look();
    if (performance.now() >= next) {
      next += PROGRESS_MS;
      say(`· sent ${chronicle.sent}, ${chronicle.unresolved.length} of them without an end yet`);
    }
    await sleep(COLLECT_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Takes in what the consumers have written down, and what came to the dead-letter topics. */
async function collect({ stage, chronicle }: Deps): Promise<void> {
  for (const consumer of stage.consumers.values()) for (const line of consumer.more()) chronicle.add(line);
  for (const letter of await stage.deadLetters.more()) chronicle.add(letter);
  for (const line of await stage.redriven.more()) chronicle.add(line);
}

function nameOf({ kind, target, forMs, amount }: PlannedFault): string {
  const lasting = forMs > 0 ? `, ${(forMs / 1_000).toFixed(1)} s` : '';
  return `${kind}  ${target}${lasting}${amount === 0 ? '' : `, ${amount} ms`}`;
}

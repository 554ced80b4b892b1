import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../../dev/demo/abortable.ts';
import { check, report } from './checker.ts';
import { Chronicle } from './chronicle.ts';
import { EarlyVerdict } from './early-verdict.ts';
import { keepEvidence } from './evidence.ts';
import { faultKinds } from './history.ts';
import { torment } from './nemesis/nemesis.ts';
import type { FaultOptions } from './options.ts';
import { faultsOf, type PlannedFault } from './plan/faults.ts';
import { loadOf } from './plan/load.ts';
import { Producer } from './producer.ts';
import { modes, policies } from './routes.ts';
import { settle } from './settle.ts';
import { setStage, type Stage } from './stage/stage.ts';

const COLLECT_MS = 1_000;
const PROGRESS_MS = 15_000;

type Say = (line: string) => void;

/** One run, from the first process to the verdict. Resolves to whether every promise was kept. */
export async function runFaults(options: FaultOptions, say: Say, signal: AbortSignal): Promise<boolean> {
  const { seed, loadMs, perSecond } = options;
  const chronicle = new Chronicle();
  await using stage = await setStage(options);
  await using producer = await Producer.connect(stage.inside, (sent) => {
    chronicle.add(sent);
  });
  const collect = async (): Promise<void> => {
    for (const consumer of stage.consumers.values()) for (const line of consumer.more()) chronicle.add(line);
    for (const letter of await stage.deadLetters.more()) chronicle.add(letter);
  };

  try {
    say('starting two replicas of the service and three consumers');
    await abortable(startEverybody(stage), signal);
    const load = modes
      .flatMap((route) => {
        const plan = loadOf({ seed, route, loadMs, perSecond: perSecond / modes.length });
        return plan.map((message) => ({ ...message, route }));
      })
      .sort((a, b) => a.atMs - b.atMs);
    const faults = faultsOf(options);
    const start = performance.now();
    const told: Say = (line) => {
      say(`${((performance.now() - start) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
    };
    const early = new EarlyVerdict();
    const watching = new AbortController();
    const look = async (): Promise<void> => {
      await collect();
      if (options.untilBroken) early.judge(chronicle);
    };
    const watched = watch(chronicle, look, told, watching.signal);
    const going = AbortSignal.any([signal, early.broken]);
    const ends = await Promise.allSettled([
      producer.send(load, start, going),
      torment(faults, start, {
        ...{ stage, signal: going },
        onBegin: (fault) => {
          early.begun(fault);
          told(nameOf(fault));
        },
        onEnd: (fault) => {
          chronicle.add(fault);
        },
        onOver: (fault) => {
          early.over(fault);
        },
      }),
    ]);
    watching.abort();
    await watched;
    for (const end of ends) if (end.status === 'rejected' && !early.broken.aborted) throw end.reason;
    const missing: string[] = [];
    if (early.found === undefined) {
      told('calm: waiting until every message has its end');
      const settled = await settle(stage, chronicle, collect, signal);
      for (const line of settled.remains) chronicle.add(line);
      missing.push(...settled.missing);
      told(missing.length === 0 ? 'every message has its end' : 'gave up waiting');
    }

    const verdict = early.found ?? check(chronicle.sorted, policies);
    const ownEnds = ownEndsOf(stage);
    say(report(verdict));
    for (const line of [...missing, ...ownEnds]) say(line);
    say(`${chronicle.sent} messages; faults: ${countsOf(faults)}`);
    const failed = [
      ...verdict.rows.map(({ violations }) => violations.length > 0),
      missing.length > 0,
      ownEnds.length > 0,
    ];
    const isKept = !failed.includes(true);
    if (!isKept || options.keep !== undefined) {
      say(`logs and histories: ${await keepEvidence(stage, chronicle, options, verdict)}`);
    }
    const broken = failed.filter(Boolean).length;
    say(`Checks:      ${broken} failed, ${failed.length - broken} passed, ${failed.length} total`);
    return isKept;
  } catch (error) {
    if (!signal.aborted) say(`logs and histories: ${await keepEvidence(stage, chronicle, options)}`);
    throw error;
  }
}

async function startEverybody({ services, consumers }: Stage): Promise<void> {
  for (const { member } of services.values()) member.start();
  await Promise.all([...services.values()].map((service) => service.ready()));
  for (const { member } of consumers.values()) member.start();
  await Promise.all([...consumers.values()].map((consumer) => consumer.assigned()));
}

async function watch(
  chronicle: Chronicle,
  collect: () => Promise<void>,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  let next = performance.now() + PROGRESS_MS;
  while (!signal.aborted) {
    await collect();
    if (performance.now() >= next) {
      next += PROGRESS_MS;
      say(`· sent ${chronicle.sent}, ${chronicle.unresolved.length} of them without an end yet`);
    }
    await sleep(COLLECT_MS, undefined, { signal }).catch(() => undefined);
  }
}

function ownEndsOf({ services, consumers }: Stage): string[] {
  const members = [...services.values(), ...consumers.values()].map(({ member }) => member);
  return members
    .flatMap(({ ownEnds }) => ownEnds)
    .map(({ life, how, lastWords }) => `${life} ended by itself: ${how}; its last words: ${lastWords}`);
}

function nameOf({ kind, target, forMs, amount }: PlannedFault): string {
  const lasting = forMs > 0 ? `, ${(forMs / 1_000).toFixed(1)} s` : '';
  return `${kind}  ${target}${lasting}${amount === 0 ? '' : `, ${amount} ms`}`;
}

function countsOf(faults: readonly PlannedFault[]): string {
  const counts = faultKinds.map((kind) => `${kind} ${faults.filter((fault) => fault.kind === kind).length}`);
  return `${faults.length} in all; ${counts.join(', ')}`;
}

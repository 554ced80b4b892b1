import { check, checkLives, report, type Verdict } from './checker.ts';
import { Chronicle } from './chronicle.ts';
import { keepEvidence } from './evidence.ts';
import { faultKinds } from './history.ts';
import type { FaultOptions } from './options.ts';
import { faultsOf, type PlannedFault } from './plan/faults.ts';
import { play, type Played } from './play.ts';
import { policies } from './routes.ts';
import { setStage, type Stage } from './stage/stage.ts';

type Say = (line: string) => void;

/** One run, from the first process to the verdict. Resolves to whether every promise was kept. */
export async function runFaults(options: FaultOptions, say: Say, signal: AbortSignal): Promise<boolean> {
  const chronicle = new Chronicle();
  const faults = faultsOf(options);
  await using stage = await setStage(options);
  const keep = async (...verdicts: Verdict[]): Promise<void> => {
    say(`logs and histories: ${await keepEvidence(stage, chronicle, options, verdicts)}`);
  };
  let played: Played;
  try {
    played = await play(options, { stage, chronicle, faults, say, signal });
  } catch (error) {
    if (!signal.aborted) await keep();
    throw error;
  }

  const { missing } = played;
  const verdicts = judge(chronicle, played);
  const ownEnds = ownEndsOf(stage);
  for (const [life, verdict] of verdicts.entries()) {
    if (life > 0) say('\nFrom the redrive of all dead letters on:');
    say(report(verdict));
  }
  for (const line of [...missing, ...ownEnds]) say(line);
  say(`${chronicle.sent} messages; faults: ${countsOf(faults)}`);
  // Beside the promises: everything came to its end in time, and no process ended by itself.
  const cases = [
    ...verdicts.flatMap(({ rows }) => rows.map(({ violations }) => violations)),
    missing,
    ownEnds,
  ];
  const failed = cases.filter(({ length }) => length > 0).length;
  if (failed > 0 || options.keep !== undefined) await keep(...verdicts);
  say(`Checks:      ${failed} failed, ${cases.length - failed} passed, ${cases.length} total`);
  return failed === 0;
}

/** A verdict for each life of the messages. */
function judge(chronicle: Chronicle, { early, redrivenAt }: Played): readonly Verdict[] {
  if (early !== undefined) return [early];
  if (redrivenAt === undefined) return [check(chronicle.sorted, policies)];
  return checkLives(chronicle.sorted, policies, redrivenAt);
}

function ownEndsOf({ services, consumers }: Stage): string[] {
  const members = [...services.values(), ...consumers.values()].map(({ member }) => member);
  return members
    .flatMap(({ ownEnds }) => ownEnds)
    .map(({ life, how, lastWords }) => `${life} ended by itself: ${how}; its last words: ${lastWords}`);
}

function countsOf(faults: readonly PlannedFault[]): string {
  const counts = faultKinds.map((kind) => `${kind} ${faults.filter((fault) => fault.kind === kind).length}`);
  return `${faults.length} in all; ${counts.join(', ')}`;
}

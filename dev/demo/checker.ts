import { type Duplicate, duplicateReasons, duplicatesOf } from './checker/duplicates.ts';
import { orderViolations, type OrderViolation, resolvedInOrder } from './checker/order.ts';
import { gaveUpTooSoon, type Retry, retriesOf } from './checker/retries.ts';
import { spreadOf, type Spread } from './checker/spread.ts';
import { type Evidence, originOf, storiesByKey, type Story } from './checker/story.ts';

export interface Verdict {
  readonly messages: number;
  readonly keys: number;
  /** Keys whose first successes and dead letters came in the order of their origins. */
  readonly keysInOrder: number;
  readonly violations: readonly OrderViolation[];
  /** Neither succeeded nor dead-lettered. */
  readonly lost: readonly Story[];
  readonly duplicates: readonly Duplicate[];
  readonly deadLetters: number;
  /** Those of messages that succeed, or would have. */
  readonly wrongDeadLetters: readonly Story[];
  readonly early: readonly Retry[];
  /** Attempts that were counted and never made: followers that burn attempts while they wait, for example. */
  readonly attemptsNotMade: readonly Story[];
  /** Handler time of retries minus the time they were due. */
  readonly lateness: Spread;
  /** Handler time minus produce time, of the first handling of messages of keys that never failed. */
  readonly waited: Spread;
  /** The same without the partitions that a killed consumer had. */
  readonly waitedElsewhere: Spread;
}

/** Judges a run by what the consumers wrote down and by the dead-letter topic. */
export function check(evidence: Evidence): Verdict {
  const byKey = storiesByKey(evidence);
  const keys = [...byKey.values()];
  const stories = keys.flat();
  const retries = stories.flatMap((story) => retriesOf(story, evidence));
  const known = retries.flatMap(({ lateMs }) => (lateMs === undefined ? [] : [lateMs]));
  const sent = new Set(evidence.sent.map(originOf));
  const waits = waitsOf(keys, evidence);
  return {
    messages: stories.length,
    keys: keys.length,
    keysInOrder: keys.filter(resolvedInOrder).length,
    violations: keys.flatMap(orderViolations),
    lost: stories.filter(({ resolvedAt }) => resolvedAt === Infinity),
    duplicates: stories.flatMap((story) => duplicatesOf(story, evidence)),
    // The same dead letter may be there twice after a crash; readers tell by the origin.
    deadLetters: new Set(evidence.deadLetters.map(originOf).filter((origin) => sent.has(origin))).size,
    wrongDeadLetters: stories.filter(
      ({ deadLetter, firstSuccess, sent: { key } }) =>
        deadLetter && (firstSuccess !== undefined || key !== evidence.poisonKey),
    ),
    early: retries.filter(({ lateMs }) => lateMs !== undefined && lateMs < 0),
    attemptsNotMade: [
      ...retries.filter(({ lateMs }) => lateMs === undefined).map(({ story }) => story),
      ...stories.filter((story) => gaveUpTooSoon(story, evidence)),
    ],
    lateness: spreadOf(known),
    waited: spreadOf(waits.map(({ ms }) => ms)),
    waitedElsewhere: spreadOf(waits.filter(({ moved }) => !moved).map(({ ms }) => ms)),
  };
}

/** One line for each promise that was broken, with its first case. */
export function brokenPromises(verdict: Verdict): string[] {
  const { violations, lost, duplicates, wrongDeadLetters, early, attemptsNotMade } = verdict;
  const [violation] = violations;
  const broken: string[] = [];
  const say = (what: string, cases: readonly unknown[], first: string): void => {
    if (cases.length > 0) broken.push(`${cases.length} × ${what}: ${first}`);
  };
  say(
    'order',
    violations,
    violation ? `${nameOf(violation.message)} ${violation.kind} ${nameOf(violation.earlier)}` : '',
  );
  say('lost', lost, lost[0] ? nameOf(lost[0].sent) : '');
  for (const reason of ['recorded', 'unexplained'] as const) {
    const cases = duplicates.filter((duplicate) => duplicate.reason === reason);
    say(`handled again, ${duplicateReasons[reason]}`, cases, cases[0] ? nameOf(cases[0].story.sent) : '');
  }
  say('dead-lettered wrongly', wrongDeadLetters, wrongDeadLetters[0] ? nameOf(wrongDeadLetters[0].sent) : '');
  say('early', early, early[0] ? `${nameOf(early[0].story.sent)} by ${-(early[0].lateMs ?? 0)} ms` : '');
  say(
    'attempts counted, not made',
    attemptsNotMade,
    attemptsNotMade[0] ? nameOf(attemptsNotMade[0].sent) : '',
  );
  return broken;
}

function nameOf({ key, seq, partition, offset }: Story['sent']): string {
  return `${key}#${seq} (partition ${partition}, offset ${offset})`;
}

function waitsOf(keys: readonly Story[][], { kills }: Evidence): { ms: number; moved: boolean }[] {
  const killed = new Set(kills.map(({ consumer }) => consumer));
  const moved = new Set(
    keys
      .flat()
      .flatMap(({ sent, calls }) =>
        calls.some(({ consumer }) => killed.has(consumer)) ? [sent.partition] : [],
      ),
  );
  return keys
    .filter((stories) => !stories.some(({ calls }) => calls.some(({ result }) => result === 'failed')))
    .flat()
    .flatMap(({ sent, calls: [first] }) => {
      return first ? [{ ms: first.begunAt - sent.at, moved: moved.has(sent.partition) }] : [];
    });
}

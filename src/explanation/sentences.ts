import { keyOf } from '../domain/unit.ts';
import type { KeyFacts } from './facts.ts';
import type { OpenBreaker } from '../protection/breaker.ts';
import { hotSentences } from './hot-sentences.ts';
import { lockSentences } from './lock-sentences.ts';
import { errorWords, several, timeWords, unitWords } from './words.ts';

/** Why a key is stuck or not, what happens next, and what is waited for. Pure. */
export function explain(facts: KeyFacts): string[] {
  const { locks, route, control, now } = facts;
  return [
    ...routeSentences(facts),
    ...locks.flatMap((lock) => lockSentences(lock, route, control.paused !== null, now)),
    ...(locks.length > 1
      ? [`It is locked in ${several(locks.length, 'partition')}, each with an order of its own.`]
      : []),
    ...hotSentences(facts.hot),
    ...silentSentences(facts),
    ...(locks.length === 0 ? unlockedSentences(facts) : []),
    ...deadLetterSentences(facts),
  ];
}

function routeSentences({ control: { paused, breaker }, backpressure, problems, now }: KeyFacts): string[] {
  return [
    ...(paused === null
      ? []
      : [
          `The route is paused since ${timeWords(paused.since, now)} (${paused.reason}): nothing is redelivered until it is resumed.`,
        ]),
    ...(breaker === null ? [] : [breakerSentence(breaker, now)]),
    ...(backpressure.state === 'stopped'
      ? [
          `The retry topic is read no further since ${timeWords(backpressure.since ?? now, now)} (${backpressure.why ?? 'Redis is full'}): what failed or came since waits there, and is not shown here.`,
        ]
      : []),
    ...problems.map((problem) => `The route is degraded: ${problem}.`),
  ];
}

function breakerSentence({ state, cause, since, reason, detail }: OpenBreaker, now: number): string {
  const why = detail === null ? reason : `${reason}: ${detail}`;
  const begin = `The circuit breaker is ${state} since ${timeWords(since, now)} (${why}): new failures stop their partition, and`;
  if (cause === 'locked-keys')
    return `${begin} retries go on; it closes by itself when fewer keys are locked.`;
  if (cause === 'operator') return `${begin} few retries are sent, until an operator closes it.`;
  return `${begin} few retries are sent; it closes by itself when they succeed.`;
}

function silentSentences({ silent, locks }: KeyFacts): string[] {
  return silent.map(
    ({ partition, why }) =>
      `Partition ${partition} ${why}: nobody can say now whether the key is locked there${locks.length === 0 ? '' : ' too'}.`,
  );
}

function unlockedSentences(facts: KeyFacts): string[] {
  const { unit, silent, failures, now } = facts;
  const [last] = failures ?? [];
  return [
    `${unitWords(unit)} is not locked${silent.length === 0 ? '' : ' in any of the others'}: nothing of it waits here.`,
    failures === null
      ? 'What failed lately is not known: Redis does not answer.'
      : last === undefined
        ? 'No failure of it is remembered; of each route the 10,000 keys that failed last are.'
        : `It failed last at ${timeWords(last.at, now)} in partition ${last.partition}: ${errorWords({ class: last.errorClass, message: last.message })}.`,
    ...positionSentences(facts),
  ];
}

function positionSentences({ unit, partition, position, route }: KeyFacts): string[] {
  if (partition === null) return [];
  const { consumerGroup, topic } = route;
  const guess =
    partition.from === 'murmur2' && keyOf(unit) !== null
      ? [
          `Java's partitioner (murmur2) puts the key into partition ${partition.number}; producers of other kinds may choose another one.`,
        ]
      : [];
  if (position === null)
    return [...guess, `Kafka does not say now how far ${consumerGroup} has read ${topic}.`];
  const { committed, end, known } = position;
  if (!known)
    return [
      ...guess,
      `Group ${consumerGroup} has committed nothing in ${topic}: is it running, and is that its name?`,
    ];
  if (committed === null)
    return [
      ...guess,
      `Group ${consumerGroup} has committed nothing in partition ${partition.number} of ${topic}.`,
    ];
  const lag = Math.max(0, end - committed);
  return [
    ...guess,
    lag === 0
      ? `Group ${consumerGroup} has read partition ${partition.number} of ${topic} to its end (${end}): no message of the key waits there.`
      : `Group ${consumerGroup} has committed ${committed} of ${end} in partition ${partition.number} of ${topic}: ${several(lag, 'record')} ${lag === 1 ? 'is' : 'are'} still to be read, and one of the key may be among them.`,
  ];
}

function deadLetterSentences({ deadLetters, moreDeadLetters, route, now }: KeyFacts): string[] {
  if (deadLetters === null)
    return ['Whether it has dead letters is not known now: their index does not answer.'];
  const open = deadLetters.filter(({ status }) => status === 'open');
  const [newest] = open;
  if (newest === undefined) return [];
  const when = newest.deadLetteredAt === null ? '' : ` at ${timeWords(newest.deadLetteredAt, now)}`;
  return [
    `${moreDeadLetters ? 'At least ' : ''}${several(open.length, 'message')} of it ${open.length === 1 ? 'is a dead letter' : 'are dead letters'} that nobody has dealt with; the newest is ` +
      `${route.deadLetterTopic}/${newest.partition}@${newest.offset} (${newest.reason}${when}): ${errorWords({ class: newest.errorClass, message: newest.errorMessage })}.`,
  ];
}

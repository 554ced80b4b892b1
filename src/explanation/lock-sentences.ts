import type { RouteConfig } from '../config/config.ts';
import type { EntryView } from '../penalty-box/entry-view.ts';
import type { Evidence, LockFacts } from './facts.ts';
import { nextStepOf } from './next-step.ts';
import type { NextStep } from './next-step.ts';
import { durationWords, errorWords, several, timeWords, unitWords } from './words.ts';

/** What is due and was not released for so long tells that nobody releases. */
const LATE = 5_000;

const REASONS: Record<string, string> = {
  exhausted: 'it has used up its attempts',
  expired: 'it is older than maxAge allows',
  fatal: 'its error said that retrying is pointless',
  unanswered: 'it was given to its consumer too often without an answer',
  operator: 'an operator has skipped it',
  malformed: 'its retry record can not be read',
  undeliverable: 'the topic does not take it',
};

/** Why a key is locked, what comes next, and what is waited for. `paused`: nothing of the route is released. */
export function lockSentences(
  { lock, evidence }: LockFacts,
  route: RouteConfig,
  paused: boolean,
  now: number,
): string[] {
  const { partition, held } = lock;
  const [head] = lock.entries;
  const step = nextStepOf(lock, route, now);
  const messages =
    held === 0 ? 'no message is held yet' : `${several(held, 'message')} ${held === 1 ? 'is' : 'are'} held`;
  return [
    `${unitWords(lock.unit)} is locked in partition ${partition} since ${timeWords(lock.since, now)}: ${messages}.`,
    ...(head === undefined ? [] : headSentences(head, lock.partition, route, now)),
    ...stepSentences(step, { partition, evidence, route, paused, now }),
    ...(step.kind === 'operator' && head?.state === 'in-flight'
      ? [
          `Its first message is in flight all the same: ${place(route.redelivery.topic ?? route.topic, partition, head.deliveredOffset)}.`,
        ]
      : []),
    ...(held > 1
      ? [
          `${several(held - 1, 'message')} ${held === 2 ? 'waits' : 'wait'} behind it, and use${held === 2 ? 's' : ''} up no attempts.`,
        ]
      : []),
  ];
}

function headSentences(head: EntryView, partition: number, route: RouteConfig, now: number): string[] {
  const origin =
    head.foreignOrigin ??
    (head.offset === null ? null : { topic: route.topic, partition, offset: head.offset });
  const where = origin === null ? 'of unknown origin' : place(origin.topic, origin.partition, origin.offset);
  const retry =
    head.retryOffset === null ? '' : `, kept at ${place(route.retryTopic, partition, head.retryOffset)}`;
  const failed =
    head.attempt === 0
      ? 'has not failed: it waited behind an earlier one'
      : `failed ${several(head.attempt, 'time')}${head.firstFailedAt === null ? '' : `, first at ${timeWords(head.firstFailedAt, now)}`}`;
  return [
    `Its first message (${where}${retry}) ${failed}.`,
    ...(head.lastError === null ? [] : [`The last error was ${errorWords(head.lastError)}.`]),
    ...(head.refused === 0
      ? []
      : [
          `Kafka refused it ${several(head.refused, 'time')} in a row; after ${route.undeliverable.attempts} it is undeliverable.`,
        ]),
    ...(head.unanswered === 0
      ? []
      : [
          `It was given to a consumer ${several(head.unanswered, 'time')} without an answer: its handler may kill its consumer.`,
        ]),
  ];
}

function place(topic: string, partition: number, offset: number | null): string {
  return `${topic}/${String(partition)}@${offset === null ? '?' : String(offset)}`;
}

/** Where a lock is, and what is known around it. */
interface Around {
  readonly partition: number;
  readonly evidence: Evidence;
  readonly route: RouteConfig;
  readonly paused: boolean;
  readonly now: number;
}

function stepSentences(step: NextStep, around: Around): string[] {
  const { route, now } = around;
  switch (step.kind) {
    case 'retry':
      return [
        `Attempt ${step.attempt} of ${step.of} is due at ${timeWords(step.at, now)}.`,
        ...lateSentences(step.at, around),
      ];
    case 'dead-letter':
      return [
        `It goes to the dead-letter topic ${route.deadLetterTopic} at ${timeWords(step.at, now)}, since ${REASONS[step.reason] ?? step.reason}; ` +
          (route.afterDeadLetter === 'hold' && step.reason !== 'operator'
            ? 'then the key is held for an operator.'
            : 'then the key goes on.'),
        ...lateSentences(step.at, around),
      ];
    case 'outcome':
      return outcomeSentences(step, around);
    case 'dead-lettering':
      return [
        `It is being written to the dead-letter topic ${route.deadLetterTopic}; Kafka has not acknowledged it yet.`,
      ];
    case 'record':
      return recordSentences(step, around);
    case 'turn':
      return ['Later messages of the key are in flight; it is its turn when their outcome is known.'];
    case 'operator':
      return ['An operator has parked the key: nothing of it is redelivered until it is unparked.'];
    case 'dead-letter-held':
      if (step.kept)
        return [
          `Its first message is a dead letter that was too large even for ${route.deadLetterTopic}: only its headers are there, and this entry keeps the whole of it in the retry topic. ` +
            'The key waits for an operator: retry-now gives the message one more attempt, unpark drops it here and goes on.',
        ];
      return [
        'Its first message is a dead letter, and the route says afterDeadLetter: hold. The key waits for an operator: ' +
          'retry-now gives the message one more attempt, unpark drops it here and goes on.',
      ];
  }
}

function lateSentences(at: number, { partition, paused, now }: Around): string[] {
  if (paused || now - at < LATE) return [];
  return [
    `It has been due for ${durationWords(now - at)} and was not released: either redelivery is limited, or no running replica owns partition ${partition}.`,
  ];
}

function outcomeSentences(step: Extract<NextStep, { kind: 'outcome' }>, around: Around): string[] {
  const { partition, evidence, route } = around;
  const { committed } = evidence;
  const copy = place(route.redelivery.topic ?? route.topic, partition, step.offset);
  if (step.offset === null) {
    return [
      `A copy of it is being redelivered (${copy}); where Kafka has put it is not noted yet.`,
      ...claimantSentences(around),
    ];
  }
  const left = committed === null ? 0 : step.offset - committed + 1;
  const read =
    committed === null
      ? `Group ${route.consumerGroup} has committed nothing there, or Kafka does not say.`
      : left > 0
        ? `Group ${route.consumerGroup} has committed ${committed} there: ${several(left, 'record')} up to and with the copy ${left === 1 ? 'is' : 'are'} left.`
        : `Group ${route.consumerGroup} has committed ${committed} there, which is past the copy. ${passedSentence(evidence, route)}`;
  return [
    `A copy of it was redelivered (${copy}); its outcome is not known yet.`,
    read,
    ...(step.admitted ? ['The consumer was told to handle it.'] : []),
    ...claimantSentences(around),
  ];
}

function passedSentence(evidence: Evidence, { gate }: RouteConfig): string {
  return gate
    ? `As no outcome was told, it is redelivered again once the retry topic has been read to its end${readWords(evidence)}.`
    : `It counts as succeeded once the retry topic has been read to its end without a new failure${readWords(evidence)}.`;
}

function readWords({ cursor, retryEnd }: Evidence): string {
  return cursor === null || retryEnd === null ? '' : ` (read to ${String(cursor)} of ${String(retryEnd)})`;
}

function recordSentences({ announcedAt }: Extract<NextStep, { kind: 'record' }>, around: Around): string[] {
  const { evidence, route, now } = around;
  const committed = evidence.position?.committed ?? null;
  const when = announcedAt === null ? '' : ` at ${timeWords(announcedAt, now)}`;
  return [
    `A consumer announced it${when} and is to publish it to ${route.retryTopic}; it has not been read from there yet${readWords(evidence)}.`,
    `If group ${route.consumerGroup} commits past it without publishing it, it is dropped on that proof; ` +
      `it has committed ${committed === null ? 'nothing, or Kafka does not say' : String(committed)}.`,
    ...claimantSentences(around),
  ];
}

function claimantSentences({ partition, evidence: { claimant }, route, now }: Around): string[] {
  if (!route.gate) return [];
  if (claimant === null)
    return [
      `No consumer claims partition ${partition} now: is ${route.consumerGroup} running, with the gate?`,
    ];
  const heard = `was last heard of ${durationWords(Math.max(0, now - claimant.renewedAt))} ago`;
  return [
    claimant.alive
      ? `Consumer ${claimant.consumerId} claims partition ${partition} and ${heard}.`
      : `Consumer ${claimant.consumerId} claims partition ${partition}, but ${heard}: is it running?`,
  ];
}

import type { DeadLetter, HistoryLine, RoutePolicy, Sent } from '../history.ts';
import { endsOfLives } from './lives.ts';
import { Owners } from './owners.ts';

/** One run of the handler. */
export interface Call {
  readonly consumer: string;
  readonly attempt: number;
  readonly redelivered: boolean;
  readonly begunAt: number;
  /** When it ended or its process was gone; `Infinity` while it runs. */
  readonly endedAt: number;
  readonly result: 'succeeded' | 'failed' | 'unknown';
  /** Its consumer had lost the partition when it began, and had not been told. */
  readonly zombie: boolean;
}

/** What happened to one message. */
export interface Story {
  readonly sent: Sent;
  readonly policy: RoutePolicy;
  /** By the time they began. */
  readonly calls: readonly Call[];
  readonly firstSuccess: Call | undefined;
  /** The end of its first failed call of each attempt. */
  readonly failedAt: ReadonlyMap<number, number>;
  /** By their time; the same one may be there twice after a crash. */
  readonly deadLetters: readonly DeadLetter[];
  /** When the service said that it knew of the success, by time. */
  readonly recordedAt: readonly number[];
  /** First success or dead letter; `Infinity`: neither. */
  readonly resolvedAt: number;
}

export interface Place {
  readonly route: string;
  readonly partition: number;
}

type Stranger = Extract<HistoryLine, { type: 'begun' }> | DeadLetter;

export interface Stories {
  readonly all: readonly Story[];
  /** Of each key of a partition, in the order of the origins. */
  readonly byKey: readonly (readonly Story[])[];
  readonly owners: Owners;
  /** Calls and dead letters of messages that were never sent. */
  readonly strangers: readonly Stranger[];
}

export function placeOf({ route, partition }: Place): string {
  return `${route}/${partition}`;
}

export function originOf(message: Place & { readonly offset: number }): string {
  return `${placeOf(message)}/${message.offset}`;
}

export function storiesOf(history: readonly HistoryLine[], policies: readonly RoutePolicy[]): Stories {
  const owners = new Owners(history);
  const calls = callsOf(history, owners);
  const letters = new Map<string, DeadLetter[]>();
  const recorded = new Map<string, number[]>();
  const sent = writtenOf(history);
  for (const line of history) {
    if (line.type === 'dead-letter') add(letters, originOf(line), line);
    if (line.type === 'recorded') add(recorded, originOf(line), line.at);
  }
  const policyOf = new Map(policies.map((policy) => [policy.route, policy]));
  const stories = [...sent].map(([origin, message]): Story => {
    const policy = policyOf.get(message.route);
    if (policy === undefined) throw new Error(`nothing is known of route ${message.route}`);
    return storyOf(message, policy, {
      calls: (calls.get(origin) ?? []).sort((a, b) => a.begunAt - b.begunAt),
      deadLetters: (letters.get(origin) ?? []).sort((a, b) => a.at - b.at),
      recordedAt: (recorded.get(origin) ?? []).sort((a, b) => a - b),
    });
  });
  const strangers = history.filter(
    (line) => (line.type === 'begun' || line.type === 'dead-letter') && !sent.has(originOf(line)),
  ) as Stranger[];
  return { all: stories, byKey: byKey(stories), owners, strangers };
}

/**
 * What the main topics hold, by origin. A producer that does not know whether Kafka took a message sends it again: then it
 * is there twice, and each of the two is a message of its own to everybody. Only one of them was acknowledged.
 */
function writtenOf(history: readonly HistoryLine[]): Map<string, Sent> {
  const written = new Map<string, Sent>();
  const names = new Map<string, Sent>();
  const nameOf = (line: Place & { key: string; seq: number }): string =>
    `${placeOf(line)}/${line.seq}/${line.key}`;
  for (const line of history) {
    if (line.type !== 'sent') continue;
    written.set(originOf(line), line);
    names.set(nameOf(line), line);
  }
  for (const line of history) {
    if (line.type !== 'begun' || written.has(originOf(line))) continue;
    const twin = names.get(nameOf(line));
    if (twin !== undefined) written.set(originOf(line), { ...twin, offset: line.offset });
  }
  return written;
}

function callsOf(history: readonly HistoryLine[], owners: Owners): Map<string, Call[]> {
  const lives = endsOfLives(history);
  const ends = new Map<string, Extract<HistoryLine, { type: 'ended' }>>();
  for (const line of history) if (line.type === 'ended') ends.set(`${line.consumer}/${line.call}`, line);
  const calls = new Map<string, Call[]>();
  for (const line of history) {
    if (line.type !== 'begun') continue;
    const { consumer, attempt, redelivered, at: begunAt } = line;
    const end = ends.get(`${consumer}/${line.call}`);
    add(calls, originOf(line), {
      ...{ consumer, attempt, redelivered, begunAt },
      endedAt: end?.at ?? Math.max(begunAt, lives.get(consumer) ?? Infinity),
      result: end?.result ?? 'unknown',
      zombie: owners.isZombie(consumer, placeOf(line), begunAt),
    });
  }
  return calls;
}

function storyOf(
  sent: Sent,
  policy: RoutePolicy,
  seen: Pick<Story, 'calls' | 'deadLetters' | 'recordedAt'>,
): Story {
  const failedAt = new Map<number, number>();
  let firstSuccess: Call | undefined;
  for (const call of seen.calls) {
    const { attempt, result, endedAt } = call;
    if (result === 'failed') failedAt.set(attempt, Math.min(endedAt, failedAt.get(attempt) ?? Infinity));
    if (result === 'succeeded' && endedAt < (firstSuccess?.endedAt ?? Infinity)) firstSuccess = call;
  }
  const resolvedAt = Math.min(firstSuccess?.endedAt ?? Infinity, seen.deadLetters[0]?.at ?? Infinity);
  return { sent, policy, ...seen, firstSuccess, failedAt, resolvedAt };
}

function byKey(stories: readonly Story[]): Story[][] {
  const keys = new Map<string, Story[]>();
  for (const story of stories) add(keys, `${placeOf(story.sent)}/${story.sent.key}`, story);
  for (const ofKey of keys.values()) ofKey.sort((a, b) => a.sent.offset - b.sent.offset);
  return [...keys.values()];
}

function add<Value>(lists: Map<string, Value[]>, name: string, value: Value): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}

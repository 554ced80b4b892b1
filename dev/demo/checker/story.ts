import type { DeadLetter } from '../dead-letters.ts';
import type { HistoryLine } from '../history.ts';
import type { Sent } from '../produce.ts';

/** All that is known after a run. Times are epoch ms of one machine's wall clock. */
export interface Evidence {
  readonly sent: readonly Sent[];
  readonly history: readonly HistoryLine[];
  readonly deadLetters: readonly DeadLetter[];
  /** Consumers that were killed, with the time when they were gone. */
  readonly kills: readonly { readonly consumer: string; readonly at: number }[];
  readonly serviceKills: readonly number[];
  readonly poisonKey: string;
  readonly policy: {
    readonly backoff: { readonly initialMs: number; readonly multiplier: number; readonly maxMs: number };
    readonly maxAttempts: number;
  };
}

/** One run of the handler. */
export interface Call {
  readonly consumer: string;
  readonly attempt: number;
  readonly redelivered: boolean;
  readonly begunAt: number;
  /** When it ended or its process was gone; `Infinity` while it runs. */
  readonly endedAt: number;
  readonly result: 'succeeded' | 'failed' | 'unknown';
}

/** What happened to one message. */
export interface Story {
  readonly sent: Sent;
  /** By the time they began. */
  readonly calls: readonly Call[];
  readonly firstSuccess: Call | undefined;
  readonly deadLetter: DeadLetter | undefined;
  /** When the service had said that it knew of the success. */
  readonly recordedAt: number | undefined;
  /** First success or dead letter; `Infinity`: neither. */
  readonly resolvedAt: number;
}

/** The stories of each key, in the order of their origins. */
export function storiesByKey(evidence: Evidence): Map<string, Story[]> {
  const calls = callsByOrigin(evidence);
  const letters = firstOf(evidence.deadLetters.map((letter) => [originOf(letter), letter]));
  const recorded = firstOf(
    evidence.history.flatMap((line) =>
      line.type === 'recorded' ? [[originOf(line), line.at] as const] : [],
    ),
  );
  const stories = new Map<string, Story[]>();
  for (const sent of [...evidence.sent].sort((a, b) => a.offset - b.offset)) {
    const origin = originOf(sent);
    const own = (calls.get(origin) ?? []).sort((a, b) => a.begunAt - b.begunAt);
    const firstSuccess = own
      .filter(({ result }) => result === 'succeeded')
      .reduce<Call | undefined>(
        (first, call) => (first && first.endedAt <= call.endedAt ? first : call),
        undefined,
      );
    const deadLetter = letters.get(origin);
    const story: Story = {
      ...{ sent, calls: own, firstSuccess, deadLetter },
      recordedAt: recorded.get(origin),
      resolvedAt: Math.min(firstSuccess?.endedAt ?? Infinity, deadLetter?.at ?? Infinity),
    };
    const ofKey = stories.get(sent.key);
    if (ofKey) ofKey.push(story);
    else stories.set(sent.key, [story]);
  }
  return stories;
}

export function originOf({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}/${offset}`;
}

function callsByOrigin({ history, kills }: Evidence): Map<string, Call[]> {
  const gone = new Map(kills.map(({ consumer, at }) => [consumer, at]));
  const ends = new Map(
    history.flatMap((line) =>
      line.type === 'ended' ? [[`${line.consumer}/${line.call}`, line] as const] : [],
    ),
  );
  const calls = new Map<string, Call[]>();
  for (const line of history) {
    if (line.type !== 'begun') continue;
    const { consumer, attempt, redelivered } = line;
    const end = ends.get(`${consumer}/${line.call}`);
    const call: Call = {
      ...{ consumer, attempt, redelivered, begunAt: line.at },
      endedAt: end?.at ?? gone.get(consumer) ?? Infinity,
      result: end?.result ?? 'unknown',
    };
    const ofOrigin = calls.get(originOf(line));
    if (ofOrigin) ofOrigin.push(call);
    else calls.set(originOf(line), [call]);
  }
  return calls;
}

/** The first value of each name. */
function firstOf<Value>(entries: readonly (readonly [string, Value])[]): Map<string, Value> {
  return new Map([...entries].reverse());
}

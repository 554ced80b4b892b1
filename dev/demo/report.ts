import { duplicateReasons, type DuplicateReason } from './checker/duplicates.ts';
import type { Spread } from './checker/spread.ts';
import type { Verdict } from './checker.ts';
import type { DemoOptions } from './options.ts';

/** A name, a value, and what there is to say about it. */
type Row = readonly [string, string, string?];

interface Figures {
  readonly verdict: Verdict;
  readonly poisonKey: string;
  readonly lag: number;
  readonly retried: number;
  readonly seconds: number;
  /** From due time to Kafka's acknowledgement, by the service's histogram; undefined: it was not asked. */
  readonly released: { readonly p50: number; readonly p99: number } | undefined;
}

/** The table at the end. */
export function report(figures: Figures, { killService }: Pick<DemoOptions, 'killService'>): string[] {
  const { verdict, poisonKey, lag, retried, seconds, released } = figures;
  const rows: Row[] = [
    ['messages', `${count(verdict.messages)} of ${count(verdict.keys)} keys, in ${seconds.toFixed(1)} s`],
    ['first successes in order', `${count(verdict.keysInOrder)} of ${count(verdict.keys)} keys`],
    ['order violations', count(verdict.violations.length)],
    ['lost', count(verdict.lost.length)],
    ...twice(verdict),
    ['redelivered', count(retried), 'handler calls: retries, and messages that waited behind one'],
    ['retried too early', count(verdict.early.length)],
    ['dead letters', count(verdict.deadLetters), `the messages of ${poisonKey}, which always fails`],
    ['lag at the end', count(lag)],
    [
      'retries late by',
      spread(verdict.lateness),
      'ms from failure + backoff to the handler (by the histories)',
    ],
  ];
  if (released) {
    const since = killService ? ', since its last start' : '';
    rows.push([
      '  until Kafka had them',
      `p50 ≤ ${released.p50}  p99 ≤ ${released.p99}`,
      `ms from due to acknowledged by Kafka (by its histogram${since})`,
    ]);
  }
  rows.push(
    ['other keys waited', spread(verdict.waited), 'ms from produced to handled, keys that never failed'],
    [
      '  without the kill',
      spread(verdict.waitedElsewhere),
      'ms, the partitions that the killed consumer had left out',
    ],
  );
  const [left, middle] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length))) as [
    number,
    number,
  ];
  return rows.map(([name, value, note = '']) =>
    `  ${name.padEnd(left)}  ${value.padEnd(note ? middle : 0)}  ${note}`.trimEnd(),
  );
}

export function nextSteps({ keep, killService }: DemoOptions): string[] {
  return [
    'Next:',
    ...(killService
      ? []
      : ['  make demo ARGS=--kill-service     the same, and the service is killed as well']),
    ...(keep
      ? []
      : ['  make demo ARGS=--keep             leaves it running: ask it for its locks with curl']),
    '  make demo ARGS="--messages 40000 --keys 5000"',
    '  make stack                        Kafka and Redis, for a consumer of your own with src/gate',
  ];
}

/** How many, and a line for each reason. */
function twice({ duplicates }: Verdict): Row[] {
  const counts = new Map<DuplicateReason, number>();
  for (const { reason } of duplicates) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].map(([reason, times]) => `${count(times)}: ${duplicateReasons[reason]}`);
  const [first = '', ...others] = reasons;
  return [
    ['handled twice', count(duplicates.length), first],
    ...others.map((reason): Row => ['', '', reason]),
  ];
}

function spread({ p50, p99, max }: Spread): string {
  return `p50 ${count(p50)}  p99 ${count(p99)}  max ${count(max)}`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

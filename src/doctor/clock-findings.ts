import type { Finding } from './finding.ts';
import { shownDuration } from './shown.ts';

/** How far a server's clock is before ours, and how sure that is, ms. */
export interface ClockSeen {
  readonly subject: string;
  readonly ahead: number;
  readonly slack: number;
}

const TOLERATED = 1_000;

export function clockFindings(clocks: readonly ClockSeen[]): Finding[] {
  return clocks.flatMap(({ subject, ahead, slack }): Finding[] => {
    const certain = Math.abs(ahead) - slack;
    if (certain <= TOLERATED) return [];
    return [
      {
        severity: 'warning',
        code: 'clock-skew',
        subject,
        what: `has a clock ${shownDuration(certain)} ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`,
        cost: 'times that producers give (x-retry-not-before), and those that people read, are wrong by that; backoffs are not',
        remedy: 'let both machines keep time by NTP (chronyc tracking)',
      },
    ];
  });
}

/** No call of Kafka tells the time, and this command writes nothing. */
export const KAFKA_CLOCK: Finding = {
  severity: 'note',
  code: 'unreadable',
  subject: 'Kafka',
  what: 'the clocks of its brokers could not be read: no call tells them, and nothing is written to find out',
  cost: '',
  remedy: '',
};

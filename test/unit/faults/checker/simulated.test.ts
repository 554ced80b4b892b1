import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { check, report } from '../../../faults/checker.ts';
import type { HistoryLine, Mode, RoutePolicy } from '../../../faults/history.ts';
import { delayAfter } from '../../../faults/checker/attempts.ts';
import { policies } from './run-builder.ts';

interface Plan {
  /** How often each message of each key fails before it succeeds. */
  readonly keys: readonly (readonly number[])[];
  /** Before which calls, counted over all, the consumer is killed. */
  readonly kills: ReadonlySet<number>;
  /** ms from one step to the next, used in turn. */
  readonly gaps: readonly number[];
}

/** One consumer after another handles key after key, as it should be. */
function simulate({ keys, kills, gaps }: Plan, policy: RoutePolicy): HistoryLine[] {
  const { route, maxAttempts } = policy;
  const lines: HistoryLine[] = [];
  let [now, steps, life, call, offset] = [0, 0, 1, 0, 0];
  const tick = (): number => (now += gaps[steps++ % gaps.length]!);
  const assigned = (): void => {
    lines.push({ type: 'assigned', at: now, consumer: `consumer-1.${life}`, route, partitions: [0] });
  };
  assigned();
  keys.forEach((failures, index) => {
    const key = `key-${index}`;
    failures.forEach((times, position) => {
      const message = { route, partition: 0, offset: offset++ };
      const named = { key, seq: position + 1 };
      lines.push({ type: 'sent', at: tick(), ...named, ...message });
      for (let attempt = 1; ;) {
        const consumer = `consumer-1.${life}`;
        const redelivered = attempt > 1;
        call += 1;
        lines.push({ type: 'begun', at: tick(), consumer, call, ...named, attempt, redelivered, ...message });
        if (kills.has(call)) {
          lines.push({
            type: 'fault',
            kind: 'consumer-killed',
            target: 'consumer-1',
            at: tick(),
            until: now,
          });
          life += 1;
          assigned();
          continue;
        }
        const result = attempt > times ? 'succeeded' : 'failed';
        lines.push({ type: 'ended', at: tick(), consumer, call, result });
        if (result === 'succeeded') {
          if (redelivered) lines.push({ type: 'recorded', at: tick(), consumer, ...message });
          return;
        }
        if (attempt === maxAttempts) {
          lines.push({ type: 'dead-letter', at: tick(), reason: 'exhausted', attempt, ...message });
          return;
        }
        now += delayAfter(attempt, policy);
        attempt += 1;
      }
    });
  });
  lines.push({ type: 'remains', at: tick(), route, lockedKeys: 0, heldMessages: 0, inFlight: 0 });
  return lines;
}

const plans = fc.record({
  keys: fc.array(fc.array(fc.nat(4), { maxLength: 6 }), { maxLength: 6 }),
  kills: fc.uniqueArray(fc.nat(60), { maxLength: 5 }).map((calls) => new Set(calls)),
  gaps: fc.array(fc.nat(30), { minLength: 1, maxLength: 20 }),
});
const modes = fc.constantFrom<Mode>('gated', 'ungated', 'unordered');
const policyOf = (mode: Mode): RoutePolicy => policies.find((policy) => policy.mode === mode)!;

describe('a run in which all goes as it should', () => {
  it('is never found fault with, in whatever order its lines are found', () => {
    fc.assert(
      fc.property(plans, modes, fc.boolean(), (plan, mode, backwards) => {
        const policy = policyOf(mode);
        const history = simulate(plan, policy);
        const verdict = check(backwards ? history.reverse() : history, [policy]);
        expect(verdict.violations === 0 ? '' : report(verdict)).toBe('');
      }),
    );
  });
});

describe('a run in which one thing is not as it should', () => {
  const one = fc.nat();
  const pick = <Line>(lines: readonly Line[], at: number): Line | undefined => lines[at % lines.length];
  const broken = (history: readonly HistoryLine[], policy: RoutePolicy): string[] =>
    check(history, [policy]).rows.flatMap(({ promise, violations }) =>
      violations.length > 0 ? promise : [],
    );

  it('has lost the message whose success is taken out', () => {
    fc.assert(
      fc.property(plans, modes, one, (plan, mode, at) => {
        const policy = policyOf(mode);
        const history = simulate(plan, policy);
        const success = pick(
          history.filter((line) => line.type === 'ended' && line.result === 'succeeded'),
          at,
        );
        fc.pre(success !== undefined);
        const without = history.filter((line) => line !== success);
        expect(broken(without, policy)).toContain('no loss');
      }),
    );
  });

  it('has invented the retry whose failure is taken out', () => {
    fc.assert(
      fc.property(plans, modes, one, (plan, mode, at) => {
        const policy = policyOf(mode);
        const history = simulate(plan, policy);
        const failure = pick(
          history.filter((line) => line.type === 'ended' && line.result === 'failed'),
          at,
        );
        fc.pre(failure !== undefined);
        expect(
          broken(
            history.filter((line) => line !== failure),
            policy,
          ),
        ).toContain('attempts');
      }),
    );
  });
});

it('takes no more than in proportion for longer runs, also of few keys', () => {
  const cpuOf = (messages: number): number => {
    const failures = Array.from({ length: messages / 4 }, (_, position) => (position % 7 === 0 ? 2 : 0));
    const keys = Array.from({ length: 4 }, () => failures);
    const history = simulate({ keys, kills: new Set([500, 5_000]), gaps: [1, 0, 2] }, policyOf('gated'));
    const before = process.cpuUsage();
    expect(check(history, [policyOf('gated')]).violations).toBe(0);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  cpuOf(4_000);
  // Four times as many messages: four times the work and some, not sixteen times.
  expect(cpuOf(40_000) / cpuOf(10_000)).toBeLessThan(10);
});

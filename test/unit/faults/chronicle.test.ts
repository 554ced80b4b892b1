import { describe, expect, it } from '@jest/globals';
import { Chronicle } from '../../faults/chronicle.ts';
import type { ConsumerLine, DeadLetter, Redriven, Sent } from '../../faults/history.ts';

const place = { route: 'gated', partition: 1, offset: 7 };
const sent: Sent = { type: 'sent', at: 1, key: 'a', seq: 1, ...place };
const begun: ConsumerLine = {
  ...{ type: 'begun', at: 2, consumer: 'consumer-1.1', call: 1, key: 'a', seq: 1 },
  ...{ attempt: 1, redelivered: false, ...place },
};
const ended = (result: 'succeeded' | 'failed'): ConsumerLine => {
  return { type: 'ended', at: 3, consumer: 'consumer-1.1', call: 1, result };
};
const deadLetter: DeadLetter = { type: 'dead-letter', at: 4, reason: 'exhausted', attempt: 5, ...place };

describe('what a run has written down', () => {
  const unresolvedAfter = (...lines: Parameters<Chronicle['add']>[0][]) => {
    const chronicle = new Chronicle();
    for (const line of lines) chronicle.add(line);
    return chronicle.unresolved;
  };

  it('leaves a message open until it has succeeded', () => {
    expect(unresolvedAfter(sent, begun)).toEqual([sent]);
    expect(unresolvedAfter(sent, begun, ended('failed'))).toEqual([sent]);
    expect(unresolvedAfter(sent, begun, ended('succeeded'))).toEqual([]);
  });

  it('leaves no message open that is dead-lettered', () => {
    expect(unresolvedAfter(sent, begun, ended('failed'), deadLetter)).toEqual([]);
  });

  it('knows of a message that was handled before its producer heard of it', () => {
    expect(unresolvedAfter(begun, ended('succeeded'), sent)).toEqual([]);
  });

  it('opens a message again that is redriven, unless it has ended since', () => {
    const redriven: Redriven = { type: 'redriven', at: 10, key: 'a', seq: 1, id: 'job/0/0', ...place };
    const again: Sent = { ...sent, at: 10 };
    expect(unresolvedAfter(sent, deadLetter, redriven)).toEqual([again]);
    expect(unresolvedAfter(sent, deadLetter, redriven, { ...deadLetter, at: 12 })).toEqual([]);
    expect(unresolvedAfter(sent, deadLetter, { ...deadLetter, at: 12 }, redriven)).toEqual([]);
  });

  it('tells everything in the order of time', () => {
    const chronicle = new Chronicle();
    for (const line of [deadLetter, ended('failed'), begun, sent]) chronicle.add(line);
    expect(chronicle.sorted.map(({ at }) => at)).toEqual([1, 2, 3, 4]);
  });
});

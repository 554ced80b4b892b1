import { describe, expect, test } from '@jest/globals';
import type { SendResult } from '../../../src/kafka/send.ts';
import { SendLane, type Sending } from '../../../src/kafka/send-lane.ts';

const error = new Error('too large');
const tooLarge: SendResult = { kind: 'too-large', error };
const written: SendResult = { kind: 'written', offset: 7 };

/** A lane whose records are their values, and the client in the test's hand. */
function aLane() {
  const produced: Sending[] = [];
  const ends: string[] = [];
  const lane = new SendLane((sending) => void produced.push(sending));
  const nameOf = ({ record }: Sending): string => String(record().value);
  return {
    ends,
    lane,
    send: (...names: string[]): void => {
      for (const name of names) {
        const record = { topic: 't', partition: 0, key: null, value: Buffer.from(name), headers: [] };
        lane.send({ record: () => record, settle: ({ kind }) => ends.push(`${name} ${kind}`), alone: false });
      }
    },
    /** What the client was given since the last time. */
    given: (): string[] => produced.map(nameOf),
    answer: (result: SendResult, ...names: string[]): void => {
      for (const name of names) {
        const [sending] = produced.splice(
          produced.findIndex((one) => nameOf(one) === name),
          1,
        );
        if (lane.answered(sending!, result)) sending!.settle(result);
      }
    },
  };
}

describe('records that are refused together', () => {
  test('are sent again one by one, and only the one that is refused alone is too large', () => {
    const { send, given, answer, ends } = aLane();
    send('a', 'large', 'c');
    answer(tooLarge, 'a', 'large', 'c');
    expect({ given: given(), ends }).toEqual({ given: ['a'], ends: [] });

    answer(written, 'a');
    expect(given()).toEqual(['large']);
    answer(tooLarge, 'large');
    expect(given()).toEqual(['c']);
    answer(written, 'c');
    expect(ends).toEqual(['a written', 'large too-large', 'c written']);
  });

  test('are sent again when nothing else is on its way, and what came later waits for them', () => {
    const { send, given, answer, ends } = aLane();
    send('a', 'b', 'c');
    answer(tooLarge, 'a', 'b');
    send('later', 'last');
    expect(given()).toEqual(['c']);

    answer(written, 'c');
    expect(given()).toEqual(['a']);
    answer(written, 'a');
    answer(written, 'b');
    expect(given()).toEqual(['later', 'last']);
    answer(written, 'later', 'last');
    expect(ends).toEqual(['c written', 'a written', 'b written', 'later written', 'last written']);
  });

  test('an invalid one is found in the same way; where the topic is refused, that is its end', () => {
    const refused = (withOthers: boolean): SendResult => ({ kind: 'refused', error, withOthers });
    const { send, given, answer, ends } = aLane();
    send('a', 'b');
    answer(refused(true), 'a', 'b');
    expect(given()).toEqual(['a']);
    answer(refused(true), 'a');
    answer(written, 'b');
    send('c', 'd');
    answer(refused(false), 'c', 'd');
    expect(ends).toEqual(['a refused', 'b written', 'c refused', 'd refused']);
  });

  test('are given back when the client is closed, with those that wait for them', () => {
    const { lane, send, answer } = aLane();
    send('a', 'b', 'c');
    answer(tooLarge, 'a', 'b');
    send('later');
    expect(lane.abandon().map(({ record }) => String(record().value))).toEqual(['a', 'b', 'later']);
    expect(lane.abandon()).toEqual([]);
  });
});

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyUnit } from '../../../src/domain/unit.ts';
import { UnitLanes } from '../../../src/redelivery/unit-lanes.ts';
import type { Passenger } from '../../../src/redelivery/unit-lanes.ts';

const A = keyUnit(Buffer.from('a'));
const B = keyUnit(Buffer.from('b'));

/** Passengers that write down what happens to them. */
function world() {
  const seen: string[] = [];
  const lanes = new UnitLanes();
  const passenger = (name: string, state: Passenger['state']) => {
    const one = {
      state,
      go: () => void seen.push(`${name} goes`),
      hurry: () => void seen.push(`${name} hurries`),
      leave: () => void seen.push(`${name} leaves`),
    };
    return one;
  };
  return { lanes, seen, passenger };
}

test('one that is ready waits behind one that is not, and both go in their order', () => {
  const { lanes, seen, passenger } = world();
  const [first, second] = [passenger('first', 'waiting'), passenger('second', 'ready')];
  lanes.join(A, first);
  lanes.join(A, second);
  expect([lanes.isFront(A, first), lanes.isFront(A, second)]).toEqual([true, false]);
  lanes.advance(A);
  expect(seen).toEqual(['first hurries']);
  first.state = 'ready';
  lanes.advance(A);
  expect(seen.slice(1)).toEqual(['first goes', 'second goes']);
  expect(lanes.has(A)).toBe(false);
});

test('where one does not go, those behind it do not either, and the next to come begins anew', () => {
  const { lanes, seen, passenger } = world();
  for (const [name, state] of [
    ['first', 'ready'],
    ['second', 'gone'],
    ['third', 'ready'],
    ['fourth', 'waiting'],
  ] as const) {
    lanes.join(A, passenger(name, state));
  }
  lanes.advance(A);
  expect(seen).toEqual(['first goes', 'third leaves', 'fourth leaves']);
  expect(lanes.has(A)).toBe(false);
  lanes.join(A, passenger('fifth', 'ready'));
  lanes.advance(A);
  expect(seen.at(-1)).toBe('fifth goes');
});

test('units know nothing of each other', () => {
  const { lanes, seen, passenger } = world();
  lanes.join(A, passenger('a', 'waiting'));
  expect([lanes.has(A), lanes.has(B)]).toEqual([true, false]);
  lanes.join(B, passenger('b', 'ready'));
  lanes.advance(B);
  expect(seen).toEqual(['b goes']);
  expect(lanes.has(A)).toBe(true);
});

test('cleared, everybody leaves once, and a lane that is looked at again is empty', () => {
  const { lanes, seen, passenger } = world();
  lanes.join(A, passenger('a', 'waiting'));
  lanes.join(B, passenger('b', 'ready'));
  lanes.clear();
  lanes.clear();
  lanes.advance(A);
  expect(seen).toEqual(['a leaves', 'b leaves']);
});

test('whatever becomes ready or gone when: each passenger ends once, in order, and nobody goes behind one that does not', () => {
  const events = fc.array(
    fc.record({
      what: fc.constantFrom('join', 'ready', 'gone'),
      which: fc.nat({ max: 9 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(events, (happenings) => {
      const lanes = new UnitLanes();
      const ends: { number: number; how: 'goes' | 'leaves' }[] = [];
      const waiting: { state: Passenger['state'] }[] = [];
      let count = 0;
      for (const { what, which } of happenings) {
        if (what === 'join') {
          const number = count++;
          const one = {
            state: 'waiting' as Passenger['state'],
            go: () => void ends.push({ number, how: 'goes' }),
            hurry: () => undefined,
            leave: () => void ends.push({ number, how: 'leaves' }),
          };
          waiting.push(one);
          lanes.join(A, one);
        } else {
          const one = waiting[which];
          if (one?.state === 'waiting') one.state = what;
        }
        lanes.advance(A);
      }
      const numbers = ends.map(({ number }) => number);
      expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
      expect(new Set(numbers).size).toBe(numbers.length);
      // Nobody is ready and stays while nobody stands before him.
      const left = waiting.filter((_, number) => !numbers.includes(number));
      const front = left.find(({ state }) => state !== 'gone');
      if (lanes.has(A)) expect(front?.state).toBe('waiting');
    }),
  );
});

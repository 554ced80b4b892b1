import { expect, test } from '@jest/globals';
import { foreignUnit, keyUnit, originUnit } from '../../../src/domain/unit.ts';
import { optionsOf } from '../../../src/explanation/options.ts';
import { entry, facts, FOLLOWER, lock, locked } from './facts-builder.ts';

test.each([
  ['waiting', {}, ['retry-now', 'park', 'skip-head', 'discard-head', 'discard-all']],
  [
    'in flight',
    { entries: [entry({ state: 'in-flight' })] },
    ['park', 'skip-head', 'discard-head', 'discard-all'],
  ],
  [
    'dead-lettering',
    { entries: [entry({ state: 'dead-lettering' })] },
    ['park', 'discard-head', 'discard-all'],
  ],
  ['announced', { entries: [entry({ state: 'pending' })] }, ['park']],
  ['parked', { parkedBy: 'operator' }, ['unpark', 'skip-head', 'discard-head', 'discard-all']],
  ['parked without messages', { parkedBy: 'operator', entries: [] }, ['unpark']],
  [
    'held by a dead letter',
    { parkedBy: 'dead-letter', entries: [entry({ state: 'dead-lettered' }), FOLLOWER] },
    ['retry-now', 'unpark', 'discard-head', 'discard-all'],
  ],
] as const)('of a key that is %s, what has an effect is offered', (_what, more, actions) => {
  const options = optionsOf(facts({ locks: [locked(more)] }));
  expect(options.map(({ action }) => action)).toEqual(actions);
});

test('each comes with its call and its command', () => {
  const [option] = optionsOf(facts({ locks: [locked()] }));
  expect(option).toEqual({
    action: 'retry-now',
    effect: 'retries its first message at once',
    http: {
      method: 'POST',
      path: '/v1/routes/orders/locks/actions',
      body: { key: 'Order-123', partition: 1, action: 'retry-now', reason: 'why' },
    },
    command: 'retry-orchestrator retry-now orders Order-123 --partition 1 --reason why',
  });
});

test.each([
  [keyUnit(Buffer.from("it's")), { key: "it's" }, `park orders 'it'\\''s' --partition 1 --reason why`],
  [keyUnit(Buffer.from('-x')), { key: '-x' }, 'park orders --partition 1 --reason why -- -x'],
  [keyUnit(Buffer.alloc(0)), { key: '' }, `park orders '' --partition 1 --reason why`],
  [
    keyUnit(Buffer.from([0xff])),
    { keyBase64: '/w==' },
    'park orders /w== --base64 --partition 1 --reason why',
  ],
  [originUnit(9), { origin: 9 }, 'park orders --origin 9 --partition 1 --reason why'],
  [foreignUnit(4), { retryOffset: 4 }, null],
])('any unit is named', (unit, body, command) => {
  const given = facts({
    unit,
    locks: [{ ...locked(), lock: lock({ unit, entries: [entry({ state: 'pending' })] }) }],
  });
  const [option] = optionsOf(given);
  expect(option?.http.body).toMatchObject(body);
  expect(option?.command).toBe(command === null ? null : `retry-orchestrator ${command}`);
});

test('a key that is not locked can be parked, where it is known in which partition', () => {
  expect(optionsOf(facts())).toEqual([]);
  expect(optionsOf(facts({ partition: { number: 4, from: 'murmur2' } }))).toMatchObject([
    { action: 'park', http: { body: { partition: 4 } } },
  ]);
});

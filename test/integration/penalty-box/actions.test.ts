import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Job } from '../../../src/penalty-box/entry.ts';
import type { Action } from '../../../src/penalty-box/operator-box.ts';
import { BACKOFF, BoxBench, fresh, is, originOf } from '../../support/penalty-box.ts';
import type { BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

/** What is on its way to the consumer, if anything is. */
type Flight = readonly Job[];

const NOTHING: Flight = [];

/** Key a, messages 5 and 6, in each state that a lock can be in. */
const STATES: Record<string, (box: BoxShard) => Promise<Flight>> = {
  waiting: () => Promise.resolve(NOTHING),
  probing: async (box) => {
    box.time += BACKOFF;
    return box.deliver(50);
  },
  'draining on the ground': async (box) => {
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    return NOTHING;
  },
  'draining in flight': async (box) => {
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    return box.deliver(60);
  },
  'parked by an operator': async (box) => {
    await box.act('a', 'park');
    return NOTHING;
  },
  'parked by an operator in flight': async (box) => {
    box.time += BACKOFF;
    const flight = await box.deliver(50);
    await box.act('a', 'park');
    return flight;
  },
  'parked by a dead letter': async (box) => {
    await box.act('a', 'retry-now');
    await exhaust(box);
    is(await box.owner.bury(await box.release(), true));
    return NOTHING;
  },
  'parked by both': async (box) => {
    await exhaust(box);
    const letters = await box.release();
    await box.act('a', 'park');
    is(await box.owner.bury(letters, true));
    return NOTHING;
  },
  'dead-lettering': async (box) => {
    await exhaust(box);
    await box.release();
    return NOTHING;
  },
};

async function exhaust(box: BoxShard): Promise<void> {
  for (let attempt = 1; attempt < 3; attempt++) {
    box.time += 10 * BACKOFF;
    const [job] = await box.deliver(50);
    await box.fail(job!);
  }
}

type Expected = readonly [outcome: 'done' | 'unchanged', state: string | null, entries: string];

/** By state and action: what is answered, and what the lock is then. */
const TABLE: Record<string, Record<Action, Expected>> = {
  waiting: {
    'retry-now': ['done', 'waiting', '5 held, 6 held'],
    park: ['done', 'parked', '5 held, 6 held'],
    unpark: ['unchanged', 'waiting', '5 held, 6 held'],
    'skip-head': ['done', 'waiting', '5 held, 6 held'],
    'discard-head': ['done', 'waiting', '6 held'],
    'discard-all': ['done', null, ''],
  },
  probing: {
    'retry-now': ['unchanged', 'probing', '5 in-flight, 6 held'],
    park: ['done', 'parked', '5 in-flight, 6 held'],
    unpark: ['unchanged', 'probing', '5 in-flight, 6 held'],
    'skip-head': ['done', 'waiting', '5 held, 6 held'],
    'discard-head': ['done', 'waiting', '6 held'],
    'discard-all': ['done', null, ''],
  },
  'draining on the ground': {
    'retry-now': ['done', 'draining', '6 held'],
    park: ['done', 'parked', '6 held'],
    unpark: ['unchanged', 'draining', '6 held'],
    'skip-head': ['done', 'draining', '6 held'],
    'discard-head': ['done', null, ''],
    'discard-all': ['done', null, ''],
  },
  'draining in flight': {
    'retry-now': ['unchanged', 'draining', '6 in-flight'],
    park: ['done', 'parked', '6 in-flight'],
    unpark: ['unchanged', 'draining', '6 in-flight'],
    'skip-head': ['done', 'draining', '6 held'],
    'discard-head': ['done', null, ''],
    'discard-all': ['done', null, ''],
  },
  'parked by an operator': {
    'retry-now': ['unchanged', 'parked', '5 held, 6 held'],
    park: ['unchanged', 'parked', '5 held, 6 held'],
    unpark: ['done', 'waiting', '5 held, 6 held'],
    'skip-head': ['done', 'waiting', '5 held, 6 held'],
    'discard-head': ['done', 'parked', '6 held'],
    'discard-all': ['done', null, ''],
  },
  'parked by an operator in flight': {
    'retry-now': ['unchanged', 'parked', '5 in-flight, 6 held'],
    park: ['unchanged', 'parked', '5 in-flight, 6 held'],
    unpark: ['done', 'probing', '5 in-flight, 6 held'],
    'skip-head': ['done', 'waiting', '5 held, 6 held'],
    'discard-head': ['done', 'parked', '6 held'],
    'discard-all': ['done', null, ''],
  },
  'parked by a dead letter': {
    'retry-now': ['done', 'draining', '5 held, 6 held'],
    park: ['unchanged', 'parked', '5 dead-lettered, 6 held'],
    unpark: ['done', 'draining', '6 held'],
    'skip-head': ['unchanged', 'parked', '5 dead-lettered, 6 held'],
    'discard-head': ['done', 'draining', '6 held'],
    'discard-all': ['done', null, ''],
  },
  'parked by both': {
    'retry-now': ['done', 'parked', '5 held, 6 held'],
    park: ['unchanged', 'parked', '5 dead-lettered, 6 held'],
    unpark: ['done', 'draining', '6 held'],
    'skip-head': ['unchanged', 'parked', '5 dead-lettered, 6 held'],
    'discard-head': ['done', 'parked', '6 held'],
    'discard-all': ['done', null, ''],
  },
  'dead-lettering': {
    'retry-now': ['unchanged', 'probing', '5 dead-lettering, 6 held'],
    park: ['done', 'parked', '5 dead-lettering, 6 held'],
    unpark: ['unchanged', 'probing', '5 dead-lettering, 6 held'],
    'skip-head': ['unchanged', 'probing', '5 dead-lettering, 6 held'],
    'discard-head': ['done', 'waiting', '6 held'],
    'discard-all': ['done', null, ''],
  },
};

const cases = Object.entries(TABLE).flatMap(([state, actions]) =>
  (Object.entries(actions) as [Action, Expected][]).map(([action, expected]) => ({
    state,
    action,
    expected,
  })),
);

async function locked(state: string): Promise<{ box: BoxShard; flight: Flight }> {
  const box = await bench.shard({ maxAttempts: 3 });
  await box.lock('a', 5, 6);
  return { box, flight: (await STATES[state]?.(box)) ?? NOTHING };
}

/** Everything of the key is handled in order until it is unlocked; dead letters are dropped. */
async function drain(box: BoxShard): Promise<number[]> {
  const handled: number[] = [];
  await box.act('a', 'unpark').catch(() => undefined);
  for (let round = 0; round < 10 && (await box.view('a')) !== null; round++) {
    box.time += 10 * BACKOFF;
    const jobs = await box.release();
    is(await box.owner.acknowledge(jobs.map((job, i) => ({ job, offset: 100 + 10 * round + i }))));
    is(
      await box.owner.bury(
        jobs.filter(({ deadLetter }) => deadLetter !== null),
        false,
      ),
    );
    for (const job of jobs.filter(({ deadLetter }) => deadLetter === null)) {
      if ((await box.verdicts(job))[0] === 'process') handled.push(originOf(job));
      await box.succeed(job);
    }
  }
  return handled;
}

async function stateOf(box: BoxShard): Promise<readonly [string | null, string]> {
  const view = await box.view('a');
  return [view?.state ?? null, (await box.entries('a')).join(', ')];
}

describe('an action', () => {
  test.each(cases)('$action on a key that is $state', async ({ state, action, expected }) => {
    const { box } = await locked(state);
    const { outcome } = await box.act('a', action);
    expect([outcome, ...(await stateOf(box))]).toEqual(expected);
    const left = (await box.view('a'))?.entries.length ?? 0;
    expect(await box.totals()).toMatchObject({ heldMessages: left, lockedKeys: left > 0 ? 1 : 0 });
    if (left === 0) expect(await box.totals()).toMatchObject({ heldBytes: 0, inFlight: 0, parked: 0 });
  });

  const flying = cases.filter(({ state }) => /flight|probing/.test(state));
  test.each(flying)('$action on a key that is $state: its success comes late', async ({ state, action }) => {
    const { box, flight } = await locked(state);
    await box.act('a', action);
    expect(await box.succeed(...flight)).toMatchObject([{ kind: 'done' }]);
    const [job] = flight;
    expect(await box.entries('a')).not.toContain(
      expect.stringMatching(new RegExp(`^${String(originOf(job!))} `)),
    );
    const rest = action.startsWith('discard-all') ? [] : [5, 6].filter((origin) => origin > originOf(job!));
    // A key that was parked stays so without messages.
    expect(await drain(box)).toEqual(rest);
    expect(await box.view('a')).toBeNull();
  });

  test.each(flying)('$action on a key that is $state: its failure comes late', async ({ state, action }) => {
    const { box, flight } = await locked(state);
    const [job] = flight;
    await box.act('a', action);
    const recalled = ['skip-head', 'discard-head', 'discard-all'].includes(action);
    const before = await stateOf(box);
    expect((await box.fail(job!)).kind).toBe(recalled ? 'stale' : 'recorded');
    if (recalled) expect(await stateOf(box)).toEqual(before);
    expect(await box.verdicts(job!)).toEqual(['skip']);
    const head = originOf(job!);
    const gone = recalled ? [head, ...(action === 'discard-all' ? [5, 6] : [])] : [];
    expect(await drain(box)).toEqual([5, 6].filter((origin) => origin >= head && !gone.includes(origin)));
  });

  test.each(flying)('$action on a key that is $state: its copy is read late', async ({ state, action }) => {
    const { box, flight } = await locked(state);
    await box.act('a', action);
    const recalled = ['skip-head', 'discard-head', 'discard-all'].includes(action);
    expect(await box.verdicts(...flight)).toEqual(flight.map(() => (recalled ? 'skip' : 'process')));
  });

  test.each(['retry-now', 'skip-head', 'discard-head'] as const)(
    '%s leaves a head that is only announced',
    async (action) => {
      const box = await bench.shard();
      await box.claim();
      await box.fail(fresh('a', 5));
      expect(await box.act('a', action)).toMatchObject({ outcome: 'unchanged' });
      expect(await stateOf(box)).toEqual(['waiting', '5 pending']);
    },
  );

  test('unchanged changes nothing, not even what is stored', async () => {
    const { box } = await locked('waiting');
    const states = box.keys.find((key) => key.endsWith(':states'))!;
    const before = await box.redis.hgetall(states);
    await box.act('a', 'unpark');
    expect(await box.redis.hgetall(states)).toEqual(before);
  });
});

describe('a key that an operator parked', () => {
  test('stays parked when the message that was in flight fails for good', async () => {
    const { box } = await locked('parked by both');
    expect(await box.view('a')).toMatchObject({ parkedBy: 'operator' });
    await box.act('a', 'retry-now');
    box.time += 100 * BACKOFF;
    expect(await box.release()).toEqual([]);
    await box.act('a', 'unpark');
    expect((await box.release()).map(originOf)).toEqual([5]);
  });

  test('is so after a rebuild, with its marker', async () => {
    const { box } = await locked('parked by both');
    await box.journal();
    await box.loseAndRebuild();
    expect(await stateOf(box)).toEqual(['parked', '5 dead-lettered, 6 held']);
    expect(await box.view('a')).toMatchObject({ parkedBy: 'operator' });
  });
});

describe('the same call with the same Idempotency-Key', () => {
  const how = { idempotencyKey: 'click-1' };

  test.each(['retry-now', 'park', 'skip-head', 'discard-head', 'discard-all'] as const)(
    'does %s once',
    async (action) => {
      const { box } = await locked('waiting');
      const first = await box.act('a', action, how);
      expect(first).toMatchObject({ outcome: 'done', repeated: false });
      const after = await stateOf(box);
      box.time += 5_000;
      expect(await box.act('a', action, how)).toEqual({ ...first, repeated: true });
      expect(await stateOf(box)).toEqual(after);
    },
  );

  test('is answered the same when the key is not locked any more, or again', async () => {
    const { box } = await locked('waiting');
    await box.act('a', 'discard-all', how);
    await box.lock('a', 9);
    expect(await box.act('a', 'discard-all', how)).toMatchObject({
      outcome: 'done',
      entries: 2,
      repeated: true,
    });
    expect(await box.entries('a')).toEqual(['9 held']);
  });

  test('with another action or for another key is another call', async () => {
    const { box } = await locked('waiting');
    await box.lock('b', 8);
    await box.act('a', 'park', how);
    expect(await box.act('a', 'unpark', how)).toMatchObject({ outcome: 'done', repeated: false });
    expect(await box.act('b', 'park', how)).toMatchObject({ outcome: 'done', repeated: false });
  });

  test('goes on where it was killed between two scripts, and takes nothing that came since', async () => {
    const box = await bench.shard();
    const old = Array.from({ length: 600 }, (_, i) => ({ origin: i }));
    await box.read(...old);
    await expect(killedAfter(box, 1, () => box.act('a', 'discard-all', how))).rejects.toThrow('killed');
    expect((await box.view('a'))?.held).toBe(350);
    await box.read({ origin: 1_000 });
    expect(await box.act('a', 'discard-all', how)).toEqual({
      outcome: 'done',
      entries: 600,
      repeated: false,
    });
    expect(await box.entries('a')).toEqual(['1000 held']);
    expect(await box.act('a', 'discard-all', how)).toMatchObject({ entries: 600, repeated: true });
  });

  test('is forgotten after a day', async () => {
    const { box } = await locked('waiting');
    await box.act('a', 'park', how);
    const deeds = await box.redis.keys(`*{${box.route}:3}:deeds:*`);
    expect(deeds).toHaveLength(1);
    expect(await box.redis.pttl(deeds[0]!)).toBeGreaterThan(86_000_000);
  });

  test('of what is not there is done when it is there', async () => {
    const box = await bench.shard();
    expect(await box.act('a', 'discard-all', how)).toMatchObject({ outcome: 'unknown' });
    await box.lock('a', 5);
    expect(await box.act('a', 'discard-all', how)).toMatchObject({ outcome: 'done' });
  });
});

test('an action for the lock of a certain age leaves another one of the same key', async () => {
  const box = await bench.shard();
  await box.lock('a', 5);
  const { locks } = await box.operator.browse(3, {
    ...{ from: -Infinity, behind: false, upTo: Infinity, look: 9, give: 9, state: null },
  });
  const age = locks[0]!.age;
  await box.act('a', 'discard-all');
  await box.lock('a', 9);
  expect(await box.act('a', 'discard-all', { age })).toMatchObject({ outcome: 'unknown' });
  expect(await box.entries('a')).toEqual(['9 held']);
});

/** The process ends after so many scripts. */
async function killedAfter<Result>(
  box: BoxShard,
  scripts: number,
  run: () => Promise<Result>,
): Promise<Result> {
  const { scripts: boxScripts } = box;
  const act = boxScripts.act.bind(boxScripts);
  let left = scripts;
  boxScripts.act = (...args) => (left-- > 0 ? act(...args) : Promise.reject(new Error('killed')));
  try {
    return await run();
  } finally {
    boxScripts.act = act;
  }
}

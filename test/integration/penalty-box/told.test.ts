import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { originOffsetOf } from '../../../src/domain/place.ts';
import { keyOf } from '../../../src/domain/unit.ts';
import type { Job } from '../../../src/penalty-box/entry.ts';
import { encodePayload } from '../../../src/penalty-box/payload.ts';
import { BACKOFF, BoxBench, is, unitOf } from '../../support/penalty-box.ts';
import type { BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

/** What was told since the last time, in a line each: kind, key, origin, attempt, detail. */
function told(box: BoxShard): string[] {
  return box.calls
    .splice(0)
    .flatMap((call) => call.told)
    .map(({ kind, unit, place, attempt, detail }) =>
      [kind, keyOf(unit)?.toString(), place === null ? '-' : originOffsetOf(place), attempt, detail].join(
        ' ',
      ),
    );
}

describe('what changed is told, where it is asked for:', () => {
  test('a key that is locked, retried and unlocked', async () => {
    const box = await bench.shard({ tell: true });
    await box.lock('a', 5, 6);
    expect(told(box)).toEqual(['locked a 5 0 ']);
    box.time += BACKOFF;
    await box.fail((await box.deliver(50))[0]!, { errorClass: 'Late' });
    expect(told(box)).toEqual(['failed a 5 2 Late']);
    box.time += 2 * BACKOFF;
    await box.succeed((await box.deliver(51))[0]!);
    expect(told(box)).toEqual(['succeeded a 5 3 ']);
    const [last] = await box.deliver(52);
    await box.succeed(last!);
    expect(told(box)).toEqual(['succeeded a 6 1 ', 'unlocked a - 0 succeeded']);
    // The answer that got lost is asked for again: nothing has changed.
    await box.succeed(last!);
    expect(told(box)).toEqual([]);
  });

  test('a key that its dead letter held, and that goes on because that is redriven', async () => {
    const box = await bench.shard({ tell: true, maxAttempts: 1 });
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    is(await box.owner.bury(await box.release(), true));
    told(box);
    await box.read({ origin: 5, redrive: 'job/0/1', attempt: 0, delay: 0 });
    expect(told(box)).toEqual(['redriven a 5 0 job/0/1', 'unparked a - 0 ']);
  });

  test('a key that an operator parks, before it has messages', async () => {
    const box = await bench.shard({ tell: true });
    await box.act('a', 'park');
    await box.act('a', 'park');
    expect(told(box)).toEqual(['locked a - 0 ', 'parked a - 0 operator']);
    await box.act('a', 'unpark');
    expect(told(box)).toEqual(['unparked a - 0 ', 'unlocked a - 0 unparked']);
  });

  test('a key that a dead letter parks', async () => {
    const box = await bench.shard({ tell: true, maxAttempts: 1 });
    await box.lock('a', 5, 6);
    told(box);
    box.time += BACKOFF;
    is(await box.owner.bury(await box.release(), true));
    expect(told(box)).toEqual(['parked a - 0 dead-letter']);
    await box.act('a', 'retry-now');
    expect(told(box)).toEqual(['unparked a - 0 ']);
  });

  test('outcomes that are inferred without a gate', async () => {
    const box = await bench.shard({ tell: true, gated: false, window: 1 });
    await box.read({ unit: unitOf('a', 5), origin: 5, attempt: 1 });
    expect(told(box)).toEqual(['locked a 5 0 ']);
    box.time += BACKOFF;
    const [{ id, nonce }] = (await box.deliver(50)) as [Job];
    const token = { place: id.subarray(6), nonce };
    await box.read({ unit: unitOf('a', 5), origin: 5, attempt: 2, token, payload: failedWith('Late') });
    expect(told(box)).toEqual(['failed a 5 2 Late']);
    box.time += BACKOFF;
    await box.deliver(51);
    await box.evidence({ committed: 6, passed: 52, first: 0 });
    expect(told(box)).toEqual(['succeeded a 5 3 ', 'unlocked a - 0 succeeded']);
  });

  test('a dead letter that comes again', async () => {
    const box = await bench.shard({ tell: true });
    await box.read({ unit: unitOf('a', 5), origin: 5, attempt: 0, redrive: 'job/0/7' });
    expect(told(box)).toEqual(['locked a 5 0 ', 'redriven a 5 0 job/0/7']);
    await box.read({ unit: unitOf('a', 5), origin: 5, attempt: 0, redrive: 'job/0/7' });
    expect(told(box)).toEqual([]);
  });

  test('nothing in a rebuild: it was told before', async () => {
    const box = await bench.shard({ tell: true });
    await box.lock('a', 5, 6);
    await box.act('a', 'park');
    await box.journal();
    expect(told(box)).toHaveLength(2);
    await box.loseAndRebuild();
    expect(await box.totals()).toMatchObject({ lockedKeys: 1, parked: 1 });
    expect(told(box)).toEqual([]);
  });
});

test('nothing is told where it is not asked for', async () => {
  const box = await bench.shard();
  await box.lock('a', 5, 6);
  await box.act('a', 'park');
  expect(told(box)).toEqual([]);
});

function failedWith(errorClass: string): Buffer {
  const home = { topic: 'main', partition: 3 };
  return encodePayload(
    {
      origin: { ...home, offset: 5 },
      ...{
        originTimestamp: null,
        key: null,
        value: null,
        valueAtOrigin: false,
        redrive: '',
        leftOut: null,
        headers: [],
      },
      ...{ errorClass, errorMessage: 'again' },
    },
    home,
  );
}

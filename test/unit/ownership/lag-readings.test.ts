import { expect, test } from '@jest/globals';
import { LagReadings } from '../../../src/ownership/lag-readings.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const LOOK = 5_000;

/** One shard, and what Kafka says of it. */
function kafka() {
  const clock = new FakeClock();
  const state = {
    committed: 90 as number | undefined,
    end: 100,
    retryEnd: 50,
    cursor: 50 as number | null,
    silent: false,
  };
  let asked = 0;
  const answer = <Value>(value: Value): Promise<Value> => {
    asked++;
    return state.silent ? Promise.reject(new Error('Kafka does not answer')) : Promise.resolve(value);
  };
  const lags = new LagReadings({
    offsets: {
      committed: () => answer(new Map(state.committed === undefined ? [] : [[0, state.committed]])),
      ranges: (topic) =>
        answer(new Map([[0, { first: 0, end: topic === 'main' ? state.end : state.retryEnd }]])),
    },
    ...{ consumerGroup: 'group', mainTopic: 'main', retryTopic: 'retry', clock },
    shards: () => [{ partition: 0, lastCursor: state.cursor }],
    // Each record was written 40 s before it is asked for, and a second later for each offset.
    timestampOf: (_partition, offset) => answer(BEGIN - 40_000 + (offset - 50) * 1_000),
  });
  const BEGIN = clock.now();
  return { clock, state, lags, asked: () => asked };
}

test('the lag is what the group has not committed; unknown before the first look, and without a commit', async () => {
  const { clock, state, lags } = kafka();
  await lags.start();
  expect(lags.consumerLag(0)).toBeNull();
  await clock.advance(LOOK);
  expect(lags.consumerLag(0)).toBe(10);
  state.end = 130;
  await clock.advance(LOOK);
  expect(lags.consumerLag(0)).toBe(40);
  state.committed = undefined;
  await clock.advance(LOOK);
  expect(lags.consumerLag(0)).toBeNull();
  await lags.stop();
  expect(clock.timers).toBe(0);
});

test('the drift is the age of the record at the cursor, once it was passed over by a look', async () => {
  const { clock, state, lags } = kafka();
  await lags.start();
  await clock.advance(LOOK);
  expect(lags.drift(0)).toBe(0);
  state.retryEnd = 60;
  await clock.advance(LOOK);
  // What has come since the look before is being read.
  expect(lags.drift(0)).toBe(0);
  await clock.advance(LOOK);
  expect(lags.drift(0)).toBe(55);
  state.cursor = 60;
  await clock.advance(LOOK);
  expect(lags.drift(0)).toBe(0);
  await lags.stop();
});

test('what waited while nobody owned the shard counts from the first look on', async () => {
  const { clock, state, lags } = kafka();
  state.retryEnd = 60;
  await lags.start();
  await clock.advance(LOOK);
  expect(lags.drift(0)).toBe(45);
  await lags.stop();
});

test('while Kafka is silent the last figures stand for half a minute, then they are gone', async () => {
  const { clock, state, lags } = kafka();
  await lags.start();
  await clock.advance(LOOK);
  state.silent = true;
  await clock.advance(30_000);
  expect([lags.consumerLag(0), lags.drift(0)]).toEqual([10, 0]);
  await clock.advance(LOOK);
  expect([lags.consumerLag(0), lags.drift(0)]).toEqual([null, null]);
  state.silent = false;
  await clock.advance(LOOK);
  expect([lags.consumerLag(0), lags.drift(0)]).toEqual([10, 0]);
  await lags.stop();
});

test('a shard that went to another replica is unknown here at once; asking for figures asks nobody', async () => {
  const { clock, lags, asked } = kafka();
  await lags.start();
  await clock.advance(LOOK);
  const before = asked();
  expect(lags.consumerLag(0)).toBe(10);
  lags.forget(0);
  expect([lags.consumerLag(0), lags.drift(0)]).toEqual([null, null]);
  expect(asked()).toBe(before);
  await lags.stop();
});

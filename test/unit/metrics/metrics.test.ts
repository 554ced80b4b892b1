import { describe, expect, test } from '@jest/globals';

import { createMetrics } from '../../../src/metrics/metrics.ts';
import { readings } from '../../support/shard-readings.ts';

const P = 'retry_orchestrator_';

/** The lines of one metric, without its prefix and its comments. */
async function linesOf(metrics: { expose(): Promise<string> }, name: string): Promise<string[]> {
  const text = await metrics.expose();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${P}${name}{`))
    .map((line) => line.slice(P.length));
}

test('every promised metric is there from the start, and those of the process', async () => {
  const text = await createMetrics(['orders']).expose();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  expect(names).toEqual(
    expect.arrayContaining(
      [
        'locks_acquired_total counter',
        'locks_released_total counter',
        'locks_held gauge',
        'oldest_lock_age_seconds gauge',
        'lock_held_seconds histogram',
        'redirected_total counter',
        'retries_processed_total counter',
        'dead_letters_total counter',
        'dead_letter_depth gauge',
        'held_messages gauge',
        'held_bytes gauge',
        'in_flight_messages gauge',
        'release_lateness_seconds histogram',
        'state_restore_seconds histogram',
        'ingest_lag_messages gauge',
        'redis_script_seconds histogram',
        'zombies_reaped_total counter',
        'breaker_state gauge',
        'rebalances_total counter',
        'shards_owned gauge',
      ].map((name) => P + name),
    ),
  );
  expect(names).toContain('process_cpu_seconds_total counter');
});

describe('counters', () => {
  test('start at 0 for each route and each value of their labels', async () => {
    const metrics = createMetrics(['orders', 'mails']);
    expect(await linesOf(metrics, 'redirected_total')).toEqual([
      'redirected_total{route="orders",reason="failed"} 0',
      'redirected_total{route="orders",reason="behind"} 0',
      'redirected_total{route="mails",reason="failed"} 0',
      'redirected_total{route="mails",reason="behind"} 0',
    ]);
  });

  test('count by their labels', async () => {
    const metrics = createMetrics(['orders']);
    metrics.deadLetters.inc({ route: 'orders', reason: 'fatal' });
    metrics.deadLetters.inc({ route: 'orders', reason: 'fatal' }, 2);
    expect(await linesOf(metrics, 'dead_letters_total')).toContain(
      'dead_letters_total{route="orders",reason="fatal"} 3',
    );
  });

  test('belong to one service only', async () => {
    createMetrics(['orders']).locksAcquired.inc({ route: 'orders' });
    expect(await linesOf(createMetrics(['orders']), 'locks_acquired_total')).toEqual([
      'locks_acquired_total{route="orders"} 0',
    ]);
  });
});

test.each([
  ['release_lateness_seconds', '0.0005', '60'],
  ['lock_held_seconds', '0.1', '604800'],
  ['state_restore_seconds', '0.01', '600'],
])('%s has buckets from %s to %s', async (name, first, last) => {
  const buckets = await linesOf(createMetrics(['orders']), `${name}_bucket`);
  expect(buckets[0]).toContain(`le="${first}"`);
  expect(buckets.at(-2)).toContain(`le="${last}"`);
});

test('scripts are timed by name', async () => {
  const metrics = createMetrics(['orders']);
  metrics.redisScript.observe({ route: 'orders', script: 'append' }, 0.0002);
  expect(await linesOf(metrics, 'redis_script_seconds_count')).toEqual([
    'redis_script_seconds_count{route="orders",script="append"} 1',
  ]);
});

describe('the gauges of shards', () => {
  test('are 0 for a route without a shard here', async () => {
    const metrics = createMetrics(['orders']);
    expect(await linesOf(metrics, 'shards_owned')).toEqual(['shards_owned{route="orders"} 0']);
    expect(await linesOf(metrics, 'locks_held')).toEqual(['locks_held{route="orders"} 0']);
    expect(await linesOf(metrics, 'ingest_lag_messages')).toEqual([]);
  });

  test('are sums over the shards of a route; the age is that of the oldest', async () => {
    const metrics = createMetrics(['orders', 'mails']);
    metrics.gauges.setShard('orders', 0, readings({ locksHeld: 2, heldBytes: 10, oldestLockAgeSeconds: 5 }));
    metrics.gauges.setShard('orders', 7, readings({ locksHeld: 3, heldBytes: 20, oldestLockAgeSeconds: 9 }));
    metrics.gauges.setShard('mails', 0, readings({ locksHeld: 1 }));
    expect(await linesOf(metrics, 'shards_owned')).toEqual([
      'shards_owned{route="orders"} 2',
      'shards_owned{route="mails"} 1',
    ]);
    expect(await linesOf(metrics, 'locks_held')).toEqual([
      'locks_held{route="orders"} 5',
      'locks_held{route="mails"} 1',
    ]);
    expect(await linesOf(metrics, 'held_bytes')).toContain('held_bytes{route="orders"} 30');
    expect(await linesOf(metrics, 'oldest_lock_age_seconds')).toContain(
      'oldest_lock_age_seconds{route="orders"} 9',
    );
  });

  test('tell of shards that are not restored yet', async () => {
    const metrics = createMetrics(['orders']);
    metrics.gauges.setShard('orders', 0, readings());
    metrics.gauges.setShard('orders', 1, readings({ restored: false }));
    expect(await linesOf(metrics, 'shards_restoring')).toEqual(['shards_restoring{route="orders"} 1']);
  });

  test('are read at each scrape', async () => {
    const metrics = createMetrics(['orders']);
    let inFlightMessages = 1;
    metrics.gauges.setShard('orders', 0, {
      ...readings(),
      get inFlightMessages() {
        return inFlightMessages;
      },
    });
    expect(await linesOf(metrics, 'in_flight_messages')).toEqual(['in_flight_messages{route="orders"} 1']);
    inFlightMessages = 4;
    expect(await linesOf(metrics, 'in_flight_messages')).toEqual(['in_flight_messages{route="orders"} 4']);
  });

  test('forget a shard that was lost, its partition included', async () => {
    const metrics = createMetrics(['orders']);
    metrics.gauges.setShard('orders', 0, readings({ ingestLagMessages: 8, heldMessages: 5 }));
    metrics.gauges.setShard('orders', 1, readings({ ingestLagMessages: 9, heldMessages: 6 }));
    metrics.gauges.dropShard('orders', 0);
    metrics.gauges.dropShard('orders', 0);
    expect(await linesOf(metrics, 'held_messages')).toEqual(['held_messages{route="orders"} 6']);
    expect(await linesOf(metrics, 'ingest_lag_messages')).toEqual([
      'ingest_lag_messages{route="orders",partition="1"} 9',
    ]);
    metrics.gauges.dropShard('orders', 1);
    expect((await metrics.expose()).split('\n').filter((line) => line.includes('partition='))).toEqual([]);
    expect(await linesOf(metrics, 'held_messages')).toEqual(['held_messages{route="orders"} 0']);
  });

  test('take no route that is not configured', () => {
    expect(() => {
      createMetrics(['orders']).gauges.setShard('order', 0, readings());
    }).toThrow('no route is named order');
  });
});

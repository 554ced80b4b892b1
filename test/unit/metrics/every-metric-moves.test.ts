import { expect, test } from '@jest/globals';
import { CertificateWatch } from '../../../src/certificates/certificate-watch.ts';
import { createLogger } from '../../../src/logger.ts';
import type { Definition } from '../../../src/metrics/definition.ts';
import { definitions } from '../../../src/metrics/definitions.ts';
import { kafkaCodeOf } from '../../../src/metrics/kafka-codes.ts';
import { createMetrics, type Metrics, PREFIX } from '../../../src/metrics/metrics.ts';
import { processDefinitions } from '../../../src/metrics/process-definitions.ts';
import { shardDefinitions } from '../../../src/metrics/shard-definitions.ts';
import type { ShardReadings } from '../../../src/metrics/shard-gauges.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MOVED_IN_STORM } from '../../support/moved-in-storm.ts';
import { readings } from '../../support/shard-readings.ts';

const ALL = Object.values<Definition>({ ...definitions, ...shardDefinitions, ...processDefinitions });
const route = 'orders';

const shard =
  (reading: Partial<ShardReadings>) =>
  ({ gauges }: Metrics): void => {
    gauges.setShard(route, 0, readings(reading));
  };

/** What the storm does not move. */
const MOVES: Readonly<Record<string, (metrics: Metrics) => void | Promise<void>>> = {
  handed_off_total: (metrics) => {
    metrics.handedOff.inc({ route });
  },
  publishes_refused_total: (metrics) => {
    metrics.publishesRefused.inc({ route, to: 'redelivery' });
  },
  zombies_reaped_total: (metrics) => {
    metrics.zombiesReaped.inc({ route });
  },
  redriven_total: (metrics) => {
    metrics.redriven.inc({ route });
  },
  redrive_jobs: (metrics) => {
    metrics.redriveJobs.set({ route }, 1);
  },
  carried_forward_total: (metrics) => {
    metrics.carriedForward.inc({ route });
  },
  payloads_lost_total: (metrics) => {
    metrics.payloadsLost.inc({ route });
  },
  audit_failures_total: (metrics) => {
    metrics.auditFailures.inc({ route, target: 'kafka' });
  },
  events_written_total: (metrics) => {
    metrics.eventsWritten.inc({ route });
  },
  events_dropped_total: (metrics) => {
    metrics.eventsDropped.inc({ route });
  },
  notifications_total: (metrics) => {
    metrics.notifications.inc({ route, result: 'sent' });
  },
  hot_key_share: (metrics) => {
    metrics.hotKeyShare.set({ route }, 0.5);
  },
  backpressure_state: (metrics) => {
    metrics.backpressureState.set({ route }, 2);
  },
  shards_restoring: shard({ restored: false }),
  in_flight_messages: shard({ inFlightMessages: 1 }),
  pending_messages: shard({ pendingMessages: 1 }),
  parked_keys: shard({ parkedKeys: 1 }),
  due_keys: shard({ dueKeys: 1 }),
  ingest_lag_messages: shard({ ingestLagMessages: 1 }),
  consumer_lag_messages: shard({ consumerLagMessages: 1 }),
  cursor_drift_seconds: shard({ cursorDriftSeconds: 1 }),
  kafka_client_errors_total: (metrics) => {
    metrics.kafkaClientErrors.inc({ code: kafkaCodeOf({ code: -195 }) });
  },
  redis_reconnects_total: (metrics) => {
    metrics.redisReconnects.inc({});
  },
  tls_certificate_expiry_seconds: async (metrics) => {
    const clock = new FakeClock();
    const expires = { kind: 'read', value: clock.now() + 60_000 } as const;
    const watch = new CertificateWatch({
      read: () => Promise.resolve([{ subject: 'broker kafka-1:9093', expires }]),
      logger: createLogger('silent'),
      clock,
    });
    await watch.start();
    await clock.advance(0);
    await watch.stop();
    metrics.process.read({ redisUp: true, certificates: watch.secondsLeft });
  },
};

/** The sum of all series of a metric, of a histogram the number of observations. */
async function sumOf(metrics: Metrics, { name, type }: Definition): Promise<number> {
  const series = `${PREFIX}${name}${type === 'histogram' ? '_count' : ''}`;
  return (await metrics.expose())
    .split('\n')
    .filter((line) => line.startsWith(`${series}{`) || line.startsWith(`${series} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

test('every metric is moved by a test: here, or in the storm', () => {
  const names = ALL.map(({ name }) => name).sort();
  expect([...Object.keys(MOVES), ...MOVED_IN_STORM].sort()).toEqual(names);
});

test.each(Object.entries(MOVES))('%s', async (name, move) => {
  const definition = ALL.find((each) => each.name === name);
  const metrics = createMetrics([route]);
  const before = await sumOf(metrics, definition!);
  await move(metrics);
  await expect(sumOf(metrics, definition!)).resolves.toBeGreaterThan(before);
});

test('every metric says what it is, and in which unit', () => {
  for (const { name, help, unit, type } of ALL) {
    expect([name, help]).toEqual([name, expect.stringMatching(/^[A-Z0-9].*\.$/)]);
    if (unit === 'seconds' || unit === 'bytes') expect(name).toMatch(new RegExp(`_${unit}(_total)?$`));
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  }
});

test('labels are bounded: by their definition, or by what the process itself has', () => {
  const open = ALL.flatMap(({ labels }) => Object.entries(labels).filter(([, values]) => values === null));
  // Each is bounded by its source: scripts, partitions, paths of the API, versions, servers; error classes by a test of their own.
  expect([...new Set(open.map(([label]) => label))].sort()).toEqual([
    'error_class',
    'node_version',
    'partition',
    'path',
    'script',
    'target',
    'version',
  ]);
});

import { buckets, max, ofProcess, ofRoute, quantile, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const servers: Row = {
  title: 'Kafka and Redis',
  panels: [
    {
      kind: 'curves',
      title: 'Redis scripts, p99',
      description:
        'How long Redis takes to answer each script. Around a millisecond is normal. All of them slow: Redis, or the way to it. One of them: many messages of one key, or a large claim.',
      width: 8,
      unit: 's',
      queries: [
        { expr: quantile(0.99, rate(buckets('redis_script_seconds')), 'script'), legend: '{{script}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Replicas that Redis does not answer',
      description:
        'While Redis does not answer, nothing is released and no key is unlocked; consumers go on with keys that are not locked. And how often connections were made again, in 5 min.',
      runbook: 'RetryRedisUnreachable',
      width: 8,
      unit: 'short',
      queries: [
        { expr: sum(`1 - ${ofProcess('redis_up')}`), legend: 'without Redis' },
        { expr: sum(`increase(${ofProcess('redis_reconnects_total')}[5m])`), legend: 'reconnected' },
      ],
    },
    {
      kind: 'curves',
      title: 'Errors of the Kafka clients, in 5 min',
      description:
        'By their name in librdkafka. A few while brokers restart are normal. A steady stream of one: brokers down, a password, a certificate.',
      width: 8,
      unit: 'short',
      queries: [
        {
          expr: sum(`increase(${ofProcess('kafka_client_errors_total')}[5m])`, 'code'),
          legend: '{{code}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Lag of the consumers, by route',
      description:
        "Records of the main topic that the route's consumers have not committed. It grows while the breaker is open, and when handlers are slow. Redelivered messages wait in the same queue.",
      width: 8,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('consumer_lag_messages'), 'route'), legend: '{{route}}' }],
    },
    {
      kind: 'curves',
      title: 'Age of what was not read yet, by route',
      description:
        'How long the oldest record of the retry topic has waited to be read by the service. 0 is well. It grows while a shard has no owner, Redis is full, or the service cannot keep up.',
      runbook: 'RetryCursorDrift',
      width: 8,
      unit: 's',
      queries: [{ expr: max(ofRoute('cursor_drift_seconds'), 'route'), legend: '{{route}}' }],
    },
    {
      kind: 'curves',
      title: 'Certificates expire in',
      description:
        'Of brokers, Redis servers and clients that speak TLS; empty without it. Under 14 days: renew them.',
      runbook: 'RetryCertificateExpiring',
      width: 8,
      unit: 's',
      queries: [
        {
          expr: `min by (target) (${ofProcess('tls_certificate_expiry_seconds')})`,
          legend: '{{target}}',
        },
      ],
    },
  ],
};

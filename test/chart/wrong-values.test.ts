import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { chartFolder, tool } from '../support/chart.ts';

const minimal = join(chartFolder, 'ci/minimal-values.yaml');

/** What is set, and what the error has to name. */
const wrong: readonly (readonly [setting: string, named: readonly string[]])[] = [
  ['replicaCuont=3', ['replicaCuont']],
  ['replicaCount=many', ['/replicaCount']],
  ['kind=DaemonSet', ['/kind', 'StatefulSet']],
  ['image.tga=1.0', ['/image', 'tga']],
  ['image.digest=abc', ['/image/digest']],
  ['secrets.kafka.exisitingSecret=x', ['/secrets/kafka', 'exisitingSecret']],
  ['config.kafak.brokers=x', ['/config', 'kafak']],
  ['config.kafka.broker=x', ['/config/kafka', 'broker']],
  ['config.kafka.sessionTimeout=10', ['/config/kafka/sessionTimeout']],
  ['config.kafka.brokers=null', ['/config/kafka', 'brokers']],
  ['config.http.auth=nobody', ['/config/http/auth']],
  ['config.http.auth.token[0].name=x', ['/config/http/auth', 'token']],
  ['config.routes[0].maxAtempts=3', ['/config/routes/0', 'maxAtempts']],
  ['config.routes[0].ordering=keys', ['/config/routes/0/ordering', 'none']],
  ['config.routes[0].backoff.initial=1second', ['/config/routes/0/backoff/initial']],
  ['config.routes[0].topic=null', ['/config/routes/0', 'topic']],
  ['config.log.level=verbose', ['/config/log/level']],
  ['prometheusRule.disabled[0]=RetryLockOdl', ['/prometheusRule/disabled/0', 'RetryLockOld']],
  ['autoscaling.kind=memory', ['/autoscaling/kind', 'lag']],
  ['runbooks=https://example.com/runbook/', ['/runbooks']],
  ['autoscaling.kind=cpu', ['autoscaling.partitions']],
  ['autoscaling.kind=lag,autoscaling.partitions=6', ['autoscaling.lag.prometheus']],
  ['autoscaling.kind=cpu,autoscaling.partitions=1', ['autoscaling.minReplicas']],
  ['autoscaling.kind=cpu,autoscaling.partitions=6,resources.requests=null', ['resources.requests.cpu']],
  ['redis.enabled=true', ['config.redis.url', 'redis.enabled']],
  ['config.redis.url=redis://user:hidden@redis:6379', ['config.redis.url', 'secrets.redis']],
  ['config.redis.password=hidden', ['config.redis.password', 'secrets.redis']],
  ['config.kafka.sasl.password=hidden', ['config.kafka.sasl.password', 'secrets.kafka']],
  ['config.kafka.librdkafka.sasl\\.password=hidden', ['sasl.password', 'secrets.kafka']],
  ['config.notify.url=https://example.com/hidden', ['config.notify.url', 'secrets.notify']],
  ['secrets.kafka.tls.existingSecret=x', ['config.kafka.tls.enabled']],
  ['secrets.redis.tls.certKey=x', ['secrets.redis.tls', 'keyKey']],
  ['ingress.enabled=true', ['config.http.auth']],
  ['ingress.enabled=true,config.http.auth=none', ['ingress.hosts']],
  ['networkPolicy.enabled=true', ['networkPolicy.from']],
];

test.each(wrong)('%s: the error names it', async (setting, named) => {
  const { status, output } = await tool('helm', [
    'template',
    'r',
    chartFolder,
    '-f',
    minimal,
    '--set',
    setting,
  ]);
  expect({ setting, status }).toEqual({ setting, status: 1 });
  for (const part of named) expect(output).toContain(part);
  expect(output).not.toContain('hidden');
});

test('without values the error says what is needed', async () => {
  const { status, output } = await tool('helm', ['template', 'r', chartFolder]);
  expect(status).toBe(1);
  expect(output).toContain("'kafka'");
  expect(output).toContain("'routes'");
});

test('where Redis is has to be said', async () => {
  const values = join(chartFolder, 'ci/try-out-values.yaml');
  const { status, output } = await tool('helm', [
    'template',
    'r',
    chartFolder,
    '-f',
    values,
    '--set',
    'redis.enabled=false',
  ]);
  expect(status).toBe(1);
  expect(output).toContain('config.redis: say where Redis is');
});

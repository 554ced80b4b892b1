import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nameOf } from '../../src/access/needs.ts';
import { History } from '../support/history.ts';
import { PASSWORDS, PRINCIPAL, SecureStage, TOKENS, USER } from '../support/secure-stage.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { waitFor } from '../support/wait-for.ts';

let stage: SecureStage;
let service: ServiceProcess;
let missing: () => Promise<string>;

beforeAll(async () => {
  stage = await SecureStage.open();
  // What tests talk to is decided when it is imported; the listener in plain text takes them for super users.
  process.env['KAFKA_BROKERS'] = stage.kafka.brokers.join(',');
  process.env['REDIS_URL'] = stage.redis.url;
  const { createTopics } = await import('../support/topics.ts');
  const { ServiceProcess } = await import('../support/service-process.ts');
  const topics = ['orders', 'orders.retry', 'orders.dlq', 'retry-orchestrator.audit'];
  await createTopics(topics.map((topic) => ({ topic, partitions: 1 })));
  const environment = stage.environment({ KAFKA_SASL_PASSWORD: 'hunter2' });
  service = await ServiceProcess.prepare({ config: await stage.config(), environment });
  service.spawn();
  missing = async () => {
    const { body } = await service.get('/readyz');
    return ((body as { missing?: string[] }).missing ?? []).join('\n');
  };
});

afterAll(async () => {
  await (service as ServiceProcess | undefined)?.[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** Resolves when /readyz says so; '' = ready. */
function readinessSays(what: string | RegExp): Promise<unknown> {
  const fits = (said: string): boolean => (what === '' ? said === '' : new RegExp(what).test(said));
  return waitFor(`/readyz to say ${String(what)}`, async () => fits(await missing()), {
    state: async () => `${await missing().catch(String)}\n${await service.tail()}`,
  });
}

test('a wrong password is told by the log and by /readyz, and the service goes on when it is mended in Kafka', async () => {
  await readinessSays(/Kafka does not answer: wrong user or password.*login of retries.*kafka\.sasl/);
  const lines = await service.logged('kafka_unreachable');
  expect(lines.map(({ why }) => why)).toEqual([expect.stringMatching(/^wrong user or password/)]);
  await stage.users.setPassword(USER, 'hunter2');
  await readinessSays(/Kafka does not allow/);
  expect(await service.logged('kafka_reached')).toHaveLength(1);
});

test('each ACL that is missing is named as Kafka names it, and the service goes on when they are granted', async () => {
  const needed = stage.needs.filter(({ optional }) => optional !== true).map(nameOf);
  const [line] = await service.logged('kafka_access_missing');
  expect(line!['missing']).toEqual(needed);
  expect(await missing()).toContain('Read on topic orders.retry');
  await stage.users.allow(PRINCIPAL, stage.needs);
  await readinessSays('');
});

test('with these ACLs and no others a message goes round', async () => {
  const { GatedConsumer } = await import('../support/gated-consumer.ts');
  const { Sender } = await import('../support/sender.ts');
  await using sender = await Sender.open();
  const history = new History();
  await using consumer = await GatedConsumer.start({
    ...{ route: 'orders', topic: 'orders', retryTopic: 'orders.retry', group: 'orders-service', history },
    ...{ service: [service.url], token: TOKENS.GATE_TOKEN },
    behaviour: ({ run }) => {
      if (run === 1) throw new Error('not yet');
    },
  });
  await consumer.claimed(1);
  await sender.send('orders', { key: 'a', value: 'a0' });
  await waitFor(
    'it to be handled again',
    () => history.handlings.some(({ outcome }) => outcome === 'succeeded'),
    {
      state: () => service.tail(),
    },
  );
});

test('the time that its certificates have left is a metric', async () => {
  await service.moved('tls_certificate_expiry_seconds');
  const targets = (await service.samples('tls_certificate_expiry_seconds')).map(
    ({ labels }) => labels['target'],
  );
  expect(targets.sort()).toEqual([expect.stringMatching(/^Redis /), expect.stringMatching(/^broker /)]);
});

test('nobody is told a password', async () => {
  await stage.users.setPassword(USER, PASSWORDS.kafka);
  const { code, output } = await stage.command(['doctor']);
  expect({ code, output }).toMatchObject({ code: 0 });
  const routes = await service.get('/v1/routes');
  const said = [output, await service.output(), JSON.stringify(routes.body)].join('\n');
  for (const secret of ['hunter2', PASSWORDS.redis, PASSWORDS.kafka, ...Object.values(TOKENS)]) {
    expect(said).not.toContain(secret);
  }
});

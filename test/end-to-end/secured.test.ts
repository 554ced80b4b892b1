import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../src/clock.ts';
import { whyClosed } from '../../src/kafka/closed-door.ts';
import { ClusterView } from '../../src/kafka/cluster-view.ts';
import { createLogger } from '../../src/logger.ts';
import { createServers } from '../../src/redis/servers.ts';
import { nameOf } from '../../src/access/needs.ts';
import { History } from '../support/history.ts';
import { PASSWORDS, PRINCIPAL, SecureStage, TOKENS, USER, WEAK_USER } from '../support/secure-stage.ts';
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
  expect(lines.map(({ why }) => why)).toContainEqual(expect.stringMatching(/^wrong user or password/));
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

test('what is said to an operator: doctor is content, the certificates are seen, and nobody is told a password', async () => {
  await stage.users.setPassword(USER, PASSWORDS.kafka);
  const { code, output } = await stage.doctor();
  expect({ code, output }).toMatchObject({ code: 0 });
  const certificates = await waitFor('the certificates to be read', async () => {
    const samples = await service.samples('tls_certificate_expiry_seconds');
    return samples.length > 1 && samples;
  });
  await service.moved('tls_certificate_expiry_seconds');
  const [broker] = stage.kafka.doors['GOOD']!;
  expect(certificates.map(({ labels }) => labels['target']).sort()).toEqual(
    [`Redis ${new URL(stage.redis.secureUrl).host}`, `broker ${broker!}`].sort(),
  );
  for (const { value } of certificates) {
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(3 * 86_400);
  }
  const routes = await service.get('/v1/routes');
  const said = [output, await service.output(), JSON.stringify(routes.body)].join('\n');
  for (const secret of ['hunter2', PASSWORDS.redis, PASSWORDS.kafka, ...Object.values(TOKENS)]) {
    expect(said).not.toContain(secret);
  }
});

test('an ACL that is taken away is told, with the command that grants it', async () => {
  const need = stage.needs.find((each) => nameOf(each) === 'Describe on group orders-service')!;
  await stage.users.forbid(PRINCIPAL, need);
  const { code, output } = await stage.doctor();
  expect({ code, output }).toMatchObject({ code: 1 });
  expect(output).toMatch(/^✗ .*Kafka does not allow Describe on group orders-service$/m);
  expect(output).toMatch(
    /mend: +kafka-acls\.sh .*--allow-principal User:retries --operation Describe --group orders-service$/m,
  );
  await stage.users.allow(PRINCIPAL, [need]);
});

/** What is wrong, by changes of the environment, and what is said of it. */
function closedDoors(): [what: string, changes: Record<string, string>, said: RegExp][] {
  const { doors, brokers } = stage.kafka;
  const door = (name: string): Record<string, string> => ({ KAFKA_BROKERS: doors[name]!.join() });
  return [
    ['a wrong password', { KAFKA_SASL_PASSWORD: 'hunter2' }, /^wrong user or password.*login of retries/],
    [
      'a user that is not known',
      { KAFKA_SASL_USERNAME: 'nobody' },
      /^wrong user or password.*login of nobody/,
    ],
    [
      'another mechanism',
      { KAFKA_SASL_MECHANISM: 'PLAIN' },
      /no login by PLAIN there.*kafka\.sasl\.mechanism/,
    ],
    ['an expired certificate', door('EXPIRED'), /certificate of a broker has expired \(CERT_HAS_EXPIRED\)/],
    [
      'a certificate for another name',
      door('ELSEWHERE'),
      /certificate of a broker is for another name: .*127\.0\.0\.1.*address the brokers/,
    ],
    [
      'an authority that is not known',
      { KAFKA_TLS_CA_FILE: stage.otherAuthority.caFile },
      /of an authority that is not trusted here.*kafka\.tls\.caFile/,
    ],
    [
      'TLS to a port in plain text',
      { KAFKA_BROKERS: brokers.join() },
      /^no TLS is spoken there.*kafka\.brokers/,
    ],
  ];
}

test('why Kafka does not let one in is said, and what to mend', async () => {
  const wanted = closedDoors();
  for (const [what, changes, said] of wanted) {
    const config = stage.loaded(changes);
    const view = await ClusterView.open(config, { timeout: 20_000, retries: 0 });
    const why = await view.cluster().then(
      () => 'let in',
      (error: unknown) => whyClosed(error, config.kafka.librdkafka),
    );
    await view.close();
    expect({ what, why }).toEqual({ what, why: expect.stringMatching(said) });
  }
});

test('plain text to a port with TLS is told too', async () => {
  const { kafka } = stage.loaded();
  const config = { kafka: { ...kafka, librdkafka: {} } };
  const view = await ClusterView.open(config, { timeout: 20_000, retries: 0 });
  const why = await view.cluster().catch((error: unknown) => whyClosed(error, {}));
  await view.close();
  expect(why).toMatch(/closes the connection at once.*perhaps it wants TLS \(kafka\.tls\)/);
});

test.each<[string, () => Record<string, string>, RegExp]>([
  [
    'a wrong password',
    () => ({ REDIS_PASSWORD: 'hunter2' }),
    /^wrong user or password: WRONGPASS.*REDIS_PASSWORD/,
  ],
  [
    'a user that may not do the work',
    () => ({ REDIS_USERNAME: WEAK_USER }),
    /^its user may not do all that it has to: NOPERM.*'time'.*doctor --print-acls/,
  ],
  [
    'an expired certificate',
    () => ({ REDIS_URL: stage.expiredRedis.secureUrl }),
    /^the certificate of Redis has expired/,
  ],
  [
    'an authority that is not known',
    () => ({ REDIS_TLS_CA_FILE: stage.otherAuthority.caFile }),
    /^the certificate of Redis is of an authority that is not trusted.*redis\.tls\.caFile/,
  ],
])('why Redis does not let one in is said, and what to mend: %s', async (_what, changes, said) => {
  const servers = createServers(stage.loaded(changes()).redis, {
    logger: createLogger('silent'),
    clock: systemClock,
  });
  servers.start().catch(() => undefined); // it never gets in
  await waitFor('the reason', () => servers.lastError !== '');
  expect(servers.lastError).toMatch(said);
  await servers.stop();
});

test('doctor says what has expired and since when, and ends', async () => {
  const changes = {
    KAFKA_BROKERS: stage.kafka.doors['EXPIRED']!.join(),
    REDIS_PASSWORD: 'hunter2',
  };
  const { code, output } = await stage.doctor(changes, { timeout: '3s' });
  expect({ code, output }).toMatchObject({ code: 1 });
  expect(output).toMatch(/^✗ Kafka does not answer at \S+: the certificate of a broker has expired/m);
  expect(output).toMatch(/^✗ broker \S+: its certificate expired on \d{4}-\d\d-\d\d$/m);
  expect(output).toMatch(/^✗ Redis does not answer: wrong user or password: WRONGPASS/m);
  expect(output).not.toMatch(/hunter2|Passw0rd/);
});

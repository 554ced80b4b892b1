import { expect, test } from '@jest/globals';
import { Api, TestDesk } from '../../support/api.ts';

test('the process is alive whatever is missing', async () => {
  await using api = new Api([]);
  api.missing = ['Redis does not answer'];
  await expect(api.get('/livez')).resolves.toMatchObject({ status: 200, body: { live: true } });
});

test('the service is ready when nothing is missing', async () => {
  const desk = new TestDesk({});
  desk.owned = [{ partition: 1, restored: true, journalLate: false }];
  await using api = new Api([desk]);
  await expect(api.get('/readyz')).resolves.toMatchObject({ status: 200, body: { ready: true } });
});

test('it is not ready as long as anything is missing, and names all of it', async () => {
  const [orders, bills, fresh] = ['orders', 'bills', 'fresh'].map((name) => new TestDesk({ name }));
  orders!.owned = [
    { partition: 0, restored: true, journalLate: false },
    { partition: 2, restored: false, journalLate: false },
  ];
  bills!.complaints = ['bills has 12 partitions, bills.retry only 6'];
  fresh!.partitions = 0;
  await using api = new Api([orders!, bills!, fresh!]);
  api.missing = ['Kafka does not answer'];
  const { status, body } = await api.get('/readyz');
  expect(status).toBe(503);
  expect(body).toEqual({
    ready: false,
    missing: [
      'Kafka does not answer',
      'orders: partition 2 is not restored yet',
      'bills: bills has 12 partitions, bills.retry only 6',
      'fresh: Kafka has not said yet which partitions orders-main.retry has',
    ],
  });
});

test('a probe of the process is told of a degraded route, and does not take the process out of service for it', async () => {
  const [orders, bills] = ['orders', 'bills'].map((name) => new TestDesk({ name }));
  bills!.complaints = ['bills has 12 partitions, bills.retry only 6'];
  await using api = new Api([orders!, bills!]);
  await expect(api.get('/readyz?scope=process')).resolves.toMatchObject({
    status: 200,
    body: { ready: true, degraded: ['bills: bills has 12 partitions, bills.retry only 6'] },
  });
  await expect(api.get('/readyz?scope=all')).resolves.toMatchObject({ status: 503 });

  orders!.owned = [{ partition: 0, restored: false, journalLate: false }];
  await expect(api.get('/readyz?scope=process')).resolves.toMatchObject({
    status: 503,
    body: { ready: false, missing: ['orders: partition 0 is not restored yet'] },
  });
  await expect(api.get('/readyz?scope=galaxy')).resolves.toMatchObject({
    status: 400,
    body: { code: 'INVALID' },
  });
});

test('metrics come in the form that Prometheus reads', async () => {
  await using api = new Api([new TestDesk({})]);
  const { status, headers, text } = await api.get('/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/plain; version=/);
  expect(text).toContain('retry_orchestrator_retries_processed_total{route="orders",result="succeeded"} 0');
});

test('the OpenAPI document says of each path who may call it, and how it refuses', async () => {
  await using api = new Api([]);
  const { status, body } = await api.get('/openapi.json');
  expect(status).toBe(200);
  expect(body['openapi']).toBe('3.1.0');
  const paths = body['paths'] as Record<string, Record<string, { responses: object; security: object[] }>>;
  const claims = paths['/v1/routes/{route}/partitions/{partition}/claims']?.['post'];
  expect(Object.keys(claims?.responses ?? {})).toEqual(['201', '401', '403', '429', '503', '4XX', '5XX']);
  expect(claims?.security).toEqual([{ bearer: ['gate'] }]);
  expect(paths['/livez']?.['get']?.security).toEqual([]);
});

test('the page of the documentation brings its files along, and a policy that lets only these run', async () => {
  await using api = new Api([]);
  const page = await api.get('/docs/');
  expect(page.status).toBe(200);
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'; script-src 'self';");
  expect(policy).not.toMatch(/unsafe|upgrade-insecure/);
  for (const [, path] of page.text.matchAll(/(?:src|href)="(\.[^"]+)"/g)) {
    const { pathname } = new URL(path ?? '', 'http://a.test/docs/');
    expect([pathname, (await api.get(pathname)).status]).toEqual([pathname, 200]);
  }
});

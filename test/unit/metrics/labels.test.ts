import { expect, test } from '@jest/globals';
import { ErrorClasses } from '../../../src/metrics/error-classes.ts';
import { KAFKA_CODES, kafkaCodeOf } from '../../../src/metrics/kafka-codes.ts';
import { Api, TestDesk } from '../../support/api.ts';

test('twenty classes of errors have a label of their own, all later ones share one', () => {
  const classes = new ErrorClasses();
  const labels = Array.from({ length: 10_000 }, (_, i) => classes.labelOf(`Error${i}`));
  expect(new Set(labels).size).toBe(21);
  expect(labels.at(0)).toBe('Error0');
  expect(labels.at(-1)).toBe('other');
  expect(classes.labelOf('Error7')).toBe('Error7');
});

test('no class of an error is a label as well, and a very long one is none', () => {
  const classes = new ErrorClasses();
  expect(classes.labelOf('')).toBe('none');
  expect(classes.labelOf('E'.repeat(81))).toBe('other');
});

test('errors of the Kafka client are told by name, and what has no name is other', () => {
  expect(kafkaCodeOf({ code: -195 })).toBe('_TRANSPORT');
  expect(kafkaCodeOf({ code: 29 })).toBe('TOPIC_AUTHORIZATION_FAILED');
  for (const strange of [
    { code: 12_345 },
    { code: 'toString' },
    { code: '29' },
    new Error('x'),
    null,
    undefined,
  ])
    expect(kafkaCodeOf(strange)).toBe('other');
  expect(new Set(KAFKA_CODES).size).toBe(KAFKA_CODES.length);
});

test('requests are measured by the pattern of their path, never by what callers write', async () => {
  await using api = new Api([new TestDesk({})]);
  await api.get('/livez');
  await api.get('/v1/routes/orders-secret-key');
  for (let i = 0; i < 5; i++) await api.get(`/nothing/${i}`);
  const lines = (await api.metrics.expose())
    .split('\n')
    .filter((line) => line.includes('request_duration_seconds_count'));
  expect(lines).toEqual(
    [
      '{method="GET",path="/livez",status="2xx"} 1',
      '{method="GET",path="/v1/routes/:route",status="4xx"} 1',
      '{method="GET",path="none",status="4xx"} 5',
    ].map((each) => `retry_orchestrator_http_request_duration_seconds_count${each}`),
  );
});

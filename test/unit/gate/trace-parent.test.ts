import { expect, test } from '@jest/globals';
import { traceParentOf } from '../../../src/gate/headers.ts';
import type { RecordHeaders } from '../../../src/gate/record.ts';
import { Task } from '../../../src/gate/task.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function outcomeOf(headers: RecordHeaders | undefined) {
  const record = { topic: 'orders', partition: 0, offset: 7, key: 'k', value: null, headers };
  return new Task(record, undefined as never, () => undefined).outcome(undefined);
}

test.each<[string, RecordHeaders]>([
  ['a list', [{ a: '1' }, { traceparent: Buffer.from(PARENT) }]],
  ['a map', { a: '1', traceparent: PARENT }],
])('an outcome says where in its trace the message is, from headers as %s', (_, headers) => {
  expect(outcomeOf(headers)).toMatchObject({ traceparent: PARENT });
});

test('it says nothing where the record does not', () => {
  expect(outcomeOf(undefined)).not.toHaveProperty('traceparent');
  expect(outcomeOf([{ a: '1' }])).not.toHaveProperty('traceparent');
});

test('a header that can be none does not make a call larger', () => {
  expect(traceParentOf([{ traceparent: Buffer.alloc(1_000_000, 'x') }])).toBeUndefined();
});

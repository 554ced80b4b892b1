import { randomUUID } from 'node:crypto';
import { Gate } from '../src/gate/index.ts';
import type { GateRecord } from '../src/gate/index.ts';
import type { Stack } from '../dev/stack/stack.ts';
import { median } from './statistics.ts';

const RECORDS = 1_000_000;
const ROUNDS = 5;

/**
 * What the gate costs a consumer whose key is not locked: `pass` for a million records while another key is, against the
 * same loop without the gate. Counts the network calls of it, renewals left out: they go once a second whatever is read.
 */
export async function measureGate(
  _stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const records = Array.from({ length: 10_000 }, (_, offset): GateRecord => ({
    topic: 'orders',
    partition: 0,
    offset,
    timestamp: 0,
    key: Buffer.from(randomUUID()),
    value: null,
    headers: [
      { 'content-type': Buffer.from('application/json') },
      { 'trace-id': Buffer.from('4bf92f35') },
      { source: Buffer.from('x') },
    ],
  }));
  let claims = 0;
  let calls = 0;
  const claimed = {
    claimEpoch: '1',
    incarnation: 'a:b',
    lockedKeys: [{ key: 'locked' }],
    complete: true,
    nullKeyUpTo: -1,
    seen: 0,
  };
  const gate = new Gate({
    route: 'orders',
    topic: 'orders',
    service: 'http://service.invalid',
    publish: () => Promise.reject(new Error('nothing is to be published')),
    fetch: (url: string | URL | Request) => {
      const path = url instanceof Request ? url.url : url.toString();
      if (path.endsWith('/claims')) {
        claims++;
        return Promise.resolve(Response.json(claimed, { status: 201 }));
      }
      if (!path.endsWith('/renewals')) calls++;
      return Promise.resolve(
        Response.json({
          claims: [{ partition: 0, status: 'held', lockedKeys: [], unlockedKeys: [], seen: 0 }],
        }),
      );
    },
  });
  gate.assigned([0]);
  const first = records[0];
  while (first !== undefined && !gate.pass(first)) await new Promise((resolve) => setTimeout(resolve, 5));

  const gated: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(microsecondsPerRecord(records, (record) => record.partition === 0));
    gated.push(microsecondsPerRecord(records, (record) => gate.pass(record)));
  }
  await gate.close();
  say(
    `gate: ${median(gated).toFixed(3)} µs a record, ${median(bare).toFixed(3)} µs without; ${String(claims)} claim`,
  );
  return { gate_us: median(gated) - median(bare), gate_calls: calls };
}

function microsecondsPerRecord(records: readonly GateRecord[], may: (record: GateRecord) => boolean): number {
  let handled = 0;
  const begun = performance.now();
  for (let i = 0; i < RECORDS; i++) {
    const record = records[i % records.length];
    if (record !== undefined && may(record)) handled++;
  }
  if (handled !== RECORDS) throw new Error(`${String(RECORDS - handled)} records did not pass`);
  return ((performance.now() - begun) * 1_000) / RECORDS;
}

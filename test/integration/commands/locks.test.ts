import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { BoxApi } from '../../support/box-api.ts';
import { fetchFrom, type Ran, runCommand } from '../../support/command-line.ts';
import { BoxBench } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

test('an operator finds a lock, acts on it, and the audit knows', async () => {
  const shard = await bench.shard();
  await using api = await BoxApi.open(shard);
  await shard.lock('Order-123', 5, 6);
  await shard.lock('Order-7', 8);
  const run = (...argv: string[]): Promise<Ran> =>
    runCommand(argv, { fetch: fetchFrom(api.app), clock: api.clock });

  const locks = await run('locks');
  expect([locks.code, locks.err]).toEqual([0, '']);
  expect(locks.out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
    ['KEY', 'PARTITION', 'STATE'],
    ['Order-123', '3', 'waiting'],
    ['Order-7', '3', 'waiting'],
    [''],
  ]);

  const reason = ['--reason', 'it loops'];
  const park = ['park', 'Order-123', ...reason, '--idempotency-key', 'once'];
  for (const _again of [1, 2]) {
    expect(await run(...park)).toEqual({
      code: 0,
      out: 'Order-123 is parked (2 messages, partition 3)\n',
      err: '',
    });
  }
  expect((await run('bulk', 'unpark', '--state', 'parked', ...reason)).out).toBe(
    '1 lock: 1 done, 0 were so already, 0 were unlocked meanwhile\n',
  );
  expect((await run('discard-all', shard.route, 'Order-7', ...reason)).code).toBe(0);
  expect(await run('retry-now', 'Order-7', ...reason)).toEqual({
    code: 5,
    out: '',
    err: 'retry-orchestrator: the key is not locked\n',
  });
  const { deeds } = JSON.parse((await run('audit', '--json')).out) as { deeds: { action: string }[] };
  expect(deeds.map(({ action }) => action)).toEqual([
    'discard-all',
    'bulk-unpark',
    'bulk-unpark', // counted before
    'park',
    'park',
  ]);
});

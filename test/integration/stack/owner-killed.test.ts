import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const owner = join(import.meta.dirname, 'owner.ts');

interface Owned {
  readonly pids: number[];
  readonly directories: string[];
}

test('SIGKILL of the owner leaves no Kafka, no Redis and no files behind', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', owner], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  const [line] = (await once(lines, 'line')) as [string];
  const owned = JSON.parse(line) as Owned;
  expect(owned.pids).toHaveLength(2);
  expect(owned.pids.every(isAlive)).toBe(true);

  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;

  await until(() => !owned.pids.some(isAlive) && !owned.directories.some(existsSync));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The processes are nobody's children any more: their end can only be polled for. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('still there after a minute');
    await sleep(20);
  }
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { hadolint } from '../../dev/image/hadolint.ts';

const root = join(import.meta.dirname, '../..');

test('hadolint has nothing to say about the Dockerfile', async () => {
  const run = promisify(execFile)(await hadolint(), [
    '--failure-threshold',
    'style',
    join(root, 'Dockerfile'),
  ]);
  await expect(run.catch((error: unknown) => error)).resolves.toMatchObject({ stdout: '', stderr: '' });
});

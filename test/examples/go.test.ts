import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Workspace } from '../../dev/stack/workspace.ts';
import { brokenPromises } from '../support/example-verdict.ts';
import { runExample } from '../support/example-run.ts';

const directory = join(import.meta.dirname, '../../examples/go');
const goIsHere = hasGo();
if (!goIsHere)
  process.stderr.write('examples: Go is skipped: Go 1.22 or newer is missing (https://go.dev/dl)\n');
const testWithGo = goIsHere ? test : test.skip;

let workspace: Workspace;

beforeAll(async () => {
  workspace = await Workspace.open();
});

afterAll(() => workspace[Symbol.asyncDispose]());

testWithGo.each(['instance', 'service'] as const)(
  'Go: order is kept though the %s is killed',
  async (kill) => {
    const program = join(workspace.directory, 'orders-service');
    await promisify(execFile)('go', ['build', '-buildvcs=false', '-o', program, '.'], { cwd: directory });
    const run = await runExample({ command: [program], directory }, { kill });
    expect(brokenPromises(run, 'gate')).toEqual([]);
  },
);

function hasGo(): boolean {
  try {
    const printed = execFileSync('go', ['env', 'GOVERSION'], { cwd: directory, encoding: 'utf8' });
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(printed) ?? [];
    return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 22);
  } catch {
    return false;
  }
}

// `npm run check`: everything that needs no server, two at a time, in under a minute. Prints what failed, and one
// line for each check in any case.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

interface Check {
  readonly name: string;
  readonly script: string;
}

// The slowest first.
const checks: Check[] = [
  { name: 'lint', script: 'npm run lint' },
  { name: 'fast tests', script: 'npm run test:unit' },
  { name: 'types', script: 'tsc -p .' },
  { name: 'dead code', script: 'knip' },
  { name: 'import direction', script: 'npm run imports' },
  { name: 'API document', script: 'tsx dev/lint-openapi/main.ts' },
  { name: 'format', script: 'prettier --check --log-level warn .' },
];

const failed: string[] = [];
const waiting = checks[Symbol.iterator]();
await Promise.all([worker(), worker()]);
const passed = checks.length - failed.length;
process.stdout.write(`Checks:      ${failed.length} failed, ${passed} passed, ${checks.length} total\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function worker(): Promise<void> {
  for (const check of waiting) await run(check);
}

async function run({ name, script }: Check): Promise<void> {
  const start = performance.now();
  // npm has put node_modules/.bin on the path.
  const child = spawn('sh', ['-c', `${script} 2>&1`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = await text(child.stdout);
  const success = (await exit) === 0;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);

  if (!success) failed.push(name);
  // The line of jest's summary that says how many tests there were is kept in any case.
  const shown = success ? (/^Tests: .*$/m.exec(output)?.[0] ?? '') : output;
  process.stdout.write(`${success ? '✓' : '✗'} ${name} (${seconds} s)\n${shown && `${shown.trimEnd()}\n`}`);
}

// `make fuzz`: Schemathesis against the real service, from its OpenAPI document, once without and once with tokens. Any
// answer of 5xx, and any that the document does not describe, makes it exit 1. SEED= and EXAMPLES= in the environment.
import { randomBytes, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startStack } from '../stack/stack.ts';
import { attack, schemathesis } from './schemathesis.ts';
import { startTarget } from './target.ts';

const seed = Number(process.env['SEED'] ?? randomInt(1_000_000));
const examples = Number(process.env['EXAMPLES'] ?? 50);

// Processes do not keep their owner alive.
const alive = setInterval(() => undefined, 60_000);
const program = await schemathesis();
const stack = await startStack();
const failed: string[] = [];
try {
  for (const [name, token] of [
    ['without tokens', null],
    ['with tokens', randomBytes(24).toString('hex')],
  ] as const) {
    process.stdout.write(`\nfuzz: ${name}, SEED=${seed} EXAMPLES=${examples}\n`);
    const target = await startTarget(stack, `fuzz-${randomBytes(4).toString('hex')}`, token);
    try {
      const { url, directory } = target;
      if (!(await attack({ program, url, token, seed, examples, directory }))) failed.push(name);
      if (!(await target.healthy())) failed.push(`${name}: the service is not ready any more`);
      const log = await readFile(join(directory, 'service.log'), 'utf8');
      process.stdout.write(log.split('\n').slice(-40).join('\n'));
    } finally {
      await target[Symbol.asyncDispose]();
    }
  }
} finally {
  await stack[Symbol.asyncDispose]();
  clearInterval(alive);
}
const failures = failed.length === 0 ? 'nothing found' : `failed ${failed.join(', ')}`;
process.stdout.write(`\nfuzz: ${failures}; again with SEED=${seed} EXAMPLES=${examples}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { systemClock } from './clock.ts';
import { addLocalCommands } from './commands/local-commands.ts';
import { Terminal } from './commands/output/terminal.ts';
import { createProgram, runProgram } from './commands/program.ts';

const { stdin, stdout, stderr, env } = process;

// A reader that has seen enough (`| head`) is no error.
stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
});

// The first process of a container is sent no signal that it does not listen to: until something does, it ends by them
// as any other process would.
if (process.pid === 1) {
  for (const [signal, number] of [['SIGINT', 2] as const, ['SIGTERM', 15] as const]) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + number);
    });
  }
}

const deps = {
  env,
  terminal: new Terminal({ stdin, stdout, stderr, noColor: (env['NO_COLOR'] ?? '') !== '' }),
  clock: systemClock,
  fetch: globalThis.fetch,
  nonce: randomUUID,
};

const program = createProgram(deps, (into) => {
  addLocalCommands(into, env);
});
const code = await runProgram(program, process.argv.slice(2), deps);
// What a command has set itself stays.
if (code !== 0) process.exitCode = code;

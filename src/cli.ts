#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { systemClock } from './clock.ts';
import type { DoctorOptions } from './commands/doctor.ts';
import { Terminal } from './commands/output/terminal.ts';
import { createProgram, runProgram } from './commands/program.ts';

const { stdin, stdout, stderr, env } = process;

// A reader that has seen enough (`| head`) is no error.
stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
});

const deps = {
  env,
  terminal: new Terminal({ stdin, stdout, stderr, noColor: (env['NO_COLOR'] ?? '') !== '' }),
  clock: systemClock,
  fetch: globalThis.fetch,
  nonce: randomUUID,
};

const code = await runProgram(createProgram(deps, addLocal), process.argv.slice(2), deps);
// What a command has set itself stays.
if (code !== 0) process.exitCode = code;

/** The commands that work beside the HTTP API. What they import is heavy, and loaded for them alone. */
function addLocal(program: Command): void {
  const CONFIG: [string, string] = ['--config <file>', 'the configuration, in YAML'];

  program
    .command('serve')
    .description('run the service until SIGTERM')
    .requiredOption(...CONFIG)
    .action(async ({ config }: { config: string }) => {
      const { serve } = await import('./commands/serve.ts');
      await serve(config, env);
    });

  program
    .command('doctor')
    .description('check topics, groups and Redis; exit 1 if something would break a promise')
    .requiredOption(...CONFIG)
    .option('--json', 'print the findings as JSON')
    .option('--create-topics', 'create the topics that are missing, and leave those that exist as they are')
    .option('--timeout <duration>', 'how long to wait for Kafka and Redis to answer', '10s')
    .option('--dry-run', 'with --create-topics: print the commands of kafka-topics.sh instead')
    .action(async ({ config, ...options }: { config: string } & DoctorOptions) => {
      const { doctor } = await import('./commands/doctor.ts');
      process.exitCode = await doctor(config, env, options);
    });
}

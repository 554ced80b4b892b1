#!/usr/bin/env node
import { Command } from 'commander';
import type { DoctorOptions } from './commands/doctor.ts';

const CONFIG: [string, string] = ['--config <file>', 'the configuration, in YAML'];

const program = new Command('retry-orchestrator').description(
  'Delayed retries for Apache Kafka that keep the order of every key.',
);

program
  .command('serve')
  .description('run the service until SIGTERM')
  .requiredOption(...CONFIG)
  .action(async ({ config }: { config: string }) => {
    const { serve } = await import('./commands/serve.ts');
    await serve(config, process.env);
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
    process.exitCode = await doctor(config, process.env, options);
  });

await program.parseAsync();

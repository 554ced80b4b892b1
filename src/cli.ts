#!/usr/bin/env node
import { Command } from 'commander';

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
  .action(async ({ config }: { config: string }) => {
    const { doctor } = await import('./commands/doctor.ts');
    process.exitCode = await doctor(config, process.env);
  });

await program.parseAsync();

import type { Command } from 'commander';
import type { Environment } from '../config/read-section.ts';
import type { DoctorOptions } from './doctor.ts';

const CONFIG: [string, string] = ['--config <file>', 'the configuration, in YAML'];

/** The commands that work beside the HTTP API. What they import is heavy, and loaded for them alone. */
export function addLocalCommands(program: Command, env: Environment): void {
  program
    .command('serve')
    .description('run the service until SIGTERM')
    .requiredOption(...CONFIG)
    .action(async ({ config }: { config: string }) => {
      const { serve } = await import('./serve.ts');
      await serve(config, env);
    });

  program
    .command('doctor')
    .description('check topics, groups and Redis; exit 1 if something would break a promise')
    .requiredOption(...CONFIG)
    .option('--json', 'print the findings as JSON')
    .option('--create-topics', 'create the topics that are missing, and leave those that exist as they are')
    .option(
      '--print-acls',
      'print the commands that grant what the service needs of Kafka and Redis, and contact nobody',
    )
    .option('--timeout <duration>', 'how long to wait for Kafka and Redis to answer', '10s')
    .option('--dry-run', 'with --create-topics: print the commands of kafka-topics.sh instead')
    .action(async ({ config, ...options }: { config: string } & DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      process.exitCode = await doctor(config, env, options);
    });

  program
    .command('health')
    .description(
      'ask the service on this machine whether it lives; exit 1 if not. For health checks of containers',
    )
    .requiredOption(...CONFIG)
    .option('--ready', 'whether it is ready, not only alive')
    .action(async ({ config, ...options }: { config: string; ready?: boolean }) => {
      const { health } = await import('./health.ts');
      process.exitCode = await health(config, env, options);
    });
}

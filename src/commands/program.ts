import { Command, CommanderError } from 'commander';
import { CommandError, EXIT } from './api/command-error.ts';
import type { CommandDeps } from './api/connection.ts';
import { versionOfPackage } from '../version.ts';
import { addAudit } from './audit.ts';
import { addBulk } from './bulk.ts';
import { addCompletion } from './completion.ts';
import { addDeadLetters } from './dead-letters.ts';
import { addExplain } from './explain.ts';
import { addFailures } from './failures.ts';
import { addHotKeys } from './hot-keys.ts';
import { addLockActions } from './lock-actions.ts';
import { addLocks } from './locks.ts';
import { addLogLevel } from './log-level.ts';
import { addPartitions } from './partitions.ts';
import { addRedrive } from './redrive.ts';
import { addRouteControl } from './route-control.ts';
import { addRoutes } from './routes.ts';

/** The command line. `addMore` adds what does not go by the HTTP API. */
export function createProgram(deps: CommandDeps, addMore: (program: Command) => void): Command {
  const { terminal } = deps;
  const program = new Command('retry-orchestrator')
    .description('Delayed retries for Apache Kafka that keep the order of every key.')
    .version(versionOfPackage())
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        terminal.print(text.trimEnd());
      },
      writeErr: (text) => {
        terminal.complain(text.trimEnd());
      },
    });
  // Before all commands, which inherit what is set on the program when they are added.
  addMore(program);
  for (const add of COMMANDS) add(program, deps);
  addCompletion(program, (text) => {
    terminal.print(text);
  });
  return program;
}

const COMMANDS = [
  addRoutes,
  addLocks,
  addExplain,
  addLockActions,
  addBulk,
  addFailures,
  addHotKeys,
  addPartitions,
  addRouteControl,
  addDeadLetters,
  addRedrive,
  addAudit,
  addLogLevel,
];

const EXIT_CODES = `
Exit codes: 0 done, 1 not done or something was found, 2 wrong usage, 3 the service does not answer,
4 refused (token), 5 not found.`;

/** Runs a command line to its exit code. What went wrong is told on stderr. */
export async function runProgram(
  program: Command,
  argv: readonly string[],
  { terminal }: CommandDeps,
): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Commander has said what is wrong, or printed its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof CommandError)) throw error;
    terminal.complain(`retry-orchestrator: ${error.message}`);
    return error.exitCode;
  }
}

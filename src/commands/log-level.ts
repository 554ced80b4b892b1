import type { Command } from 'commander';
import type { LevelState } from '../log-level.ts';
import { CommandError, EXIT } from './api/command-error.ts';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';

interface LevelOptions extends ConnectionOptions {
  readonly for?: string;
  readonly reason?: string;
}

const PATH = '/v1/service/log-level';

export function addLogLevel(program: Command, deps: CommandDeps): void {
  const { terminal } = deps;
  withConnection(program.command('log-level'))
    .description('what this replica logs; with a level: change it. Each replica is asked at its own --url')
    .argument('[level]', 'fatal, error, warn, info, debug, trace or silent')
    .option('--for <duration>', 'fall back to the configured level after that: 15m')
    .option('--reason <text>', 'why; it is recorded. Needed with a level')
    .action(async (level: string | undefined, options: LevelOptions) => {
      const client = connect(deps, options);
      const { reason } = options;
      if (level !== undefined && reason === undefined) {
        throw new CommandError(EXIT.usage, 'say why with --reason; it is recorded');
      }
      const state =
        level === undefined
          ? await client.get<LevelState>(PATH)
          : await client.put<LevelState>(PATH, {
              ...{ level, reason },
              ...(options.for === undefined ? {} : { for: options.for }),
            });
      if (options.json) terminal.json(state);
      else terminal.print(shown(state));
    });
}

function shown({ level, configured, until }: LevelState): string {
  if (level === configured) return `this replica logs ${level}, as configured`;
  const end = until === null ? 'until it ends' : `until ${new Date(until).toISOString()}`;
  return `this replica logs ${level} ${end}; configured is ${configured}`;
}

import type { Command } from 'commander';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';
import { count, seenFrom } from './output/human.ts';
import { table } from './output/table.ts';
import { wholeNumber } from './whole-number.ts';

interface FailuresOptions extends ConnectionOptions {
  readonly sort?: string;
  readonly limit: number;
}

interface FailureAnswer {
  readonly errorClass: string;
  /** The message with its numbers and ids masked. */
  readonly shape: string;
  readonly count: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export function addFailures(program: Command, deps: CommandDeps): void {
  const { terminal, clock } = deps;
  withConnection(program.command('failures').description('failures by their error, with how often and when'))
    .argument('[route]')
    .option('--sort <order>', 'count or last')
    .option('--limit <number>', 'how many at most', wholeNumber, 20)
    .action(async (route: string | undefined, options: FailuresOptions) => {
      const client = connect(deps, options);
      const { path } = await ofRoute(client, route === undefined ? [] : [route], { atLeast: 0 });
      const { sort, limit } = options;
      const answer = await client.get<{ failures: FailureAnswer[] }>(`${path}/failures`, { sort, limit });
      if (options.json) {
        terminal.json(answer);
        return;
      }
      const now = clock.now();
      if (answer.failures.length === 0) terminal.print('no failures');
      else {
        const columns = [
          { head: 'COUNT', of: (each: FailureAnswer) => count(each.count), right: true as const },
          { head: 'LAST', of: ({ lastSeen }: FailureAnswer) => seenFrom(now, lastSeen) },
          { head: 'FIRST', of: ({ firstSeen }: FailureAnswer) => seenFrom(now, firstSeen) },
          { head: 'ERROR', of: ({ errorClass, shape }: FailureAnswer) => `${errorClass}: ${shape}` },
        ];
        terminal.print(table(columns, answer.failures, terminal.width));
      }
    });
}

import type { Command } from 'commander';
import type { RouteAnswer } from './api/answers.ts';
import { inPath } from './api/client.ts';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { count, span } from './output/human.ts';
import { plain } from './output/plain.ts';
import { type Column, table } from './output/table.ts';

const COLUMNS: readonly Column<RouteAnswer>[] = [
  { head: 'ROUTE', of: ({ name }) => name },
  { head: 'STATUS', of: statusOf },
  { head: 'LOCKED', of: ({ totals }) => count(totals.lockedKeys), right: true },
  { head: 'PARKED', of: ({ totals }) => count(totals.parked), right: true },
  { head: 'HELD', of: ({ totals }) => count(totals.heldMessages), right: true },
  { head: 'IN FLIGHT', of: ({ totals }) => count(totals.inFlight), right: true },
  {
    head: 'OLDEST',
    of: ({ totals: { oldestLockAgeMs } }) => (oldestLockAgeMs === null ? '–' : span(oldestLockAgeMs)),
    right: true,
  },
  {
    head: 'DEAD LETTERS',
    of: ({ totals: { deadLetters } }) => (deadLetters === null ? '?' : count(deadLetters)),
    right: true,
  },
];

export function addRoutes(program: Command, deps: CommandDeps): void {
  const { terminal } = deps;
  withConnection(program.command('routes').description('all routes, or one, with their figures and problems'))
    .argument('[route]', 'only this one')
    .action(async (route: string | undefined, options: ConnectionOptions) => {
      const client = connect(deps, options);
      const answer =
        route === undefined
          ? await client.get<{ routes: RouteAnswer[] }>('/v1/routes')
          : await client.get<RouteAnswer>(`/v1/routes/${inPath(route)}`);
      if (options.json) {
        terminal.json(answer);
        return;
      }
      const routes = 'routes' in answer ? answer.routes : [answer];
      terminal.print(table(COLUMNS, routes, terminal.width));
      for (const { name, problems, paused, breaker } of routes) {
        if (paused.is) terminal.print(`${name}: paused: ${plain(paused.reason ?? '')}`);
        if (breaker.state !== 'closed')
          terminal.print(
            `${name}: breaker ${breaker.state}: ${[breaker.reason, breaker.detail].flatMap((text) => (text ? [plain(text)] : [])).join(': ')}`,
          );
        for (const problem of problems) terminal.print(terminal.red(`${name}: ${plain(problem)}`));
      }
    });
}

function statusOf({ status, paused, breaker }: RouteAnswer): string {
  const more = [paused.is ? 'paused' : '', breaker.state === 'closed' ? '' : `breaker ${breaker.state}`];
  return [status, ...more.filter((each) => each !== '')].join(', ');
}

import type { Command } from 'commander';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';

interface ControlOptions extends ConnectionOptions {
  readonly reason: string;
}

interface SwitchedAnswer {
  readonly outcome: 'done' | 'unchanged';
  readonly paused: { readonly is: boolean };
  readonly breaker: { readonly state: string };
}

export function addRouteControl(program: Command, deps: CommandDeps): void {
  add(program, deps, 'pause', 'stop redelivering; failures go on being recorded', (path) => [
    `${path}/pause`,
    {},
  ]);
  add(program, deps, 'resume', 'redeliver again', (path) => [`${path}/resume`, {}]);
  add(program, deps, 'open-breaker', 'make new failures stop their partition', (path) => [
    `${path}/breaker`,
    { state: 'open' },
  ]);
  add(program, deps, 'close-breaker', 'let the circuit breaker decide again', (path) => [
    `${path}/breaker`,
    { state: 'closed' },
  ]);
}

function add(
  program: Command,
  deps: CommandDeps,
  name: string,
  description: string,
  call: (path: string) => [path: string, body: object],
): void {
  const { terminal } = deps;
  withConnection(program.command(name).description(description))
    .argument('[route]')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (given: string | undefined, options: ControlOptions) => {
      const client = connect(deps, options);
      const { route, path } = await ofRoute(client, given === undefined ? [] : [given], { atLeast: 0 });
      const [where, body] = call(path);
      const answer = await client.post<SwitchedAnswer>(where, { ...body, reason: options.reason });
      if (options.json) {
        terminal.json(answer);
        return;
      }
      const already = answer.outcome === 'unchanged' ? ' already' : '';
      const { paused, breaker } = answer;
      terminal.print(
        `${route} is${already} ${paused.is ? 'paused' : 'not paused'}, its breaker ${breaker.state}`,
      );
    });
}

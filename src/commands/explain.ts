import type { Command } from 'commander';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { inPath } from './api/client.ts';
import { ofRoute } from './api/route-argument.ts';
import { plain } from './output/plain.ts';
import { wholeNumber } from './whole-number.ts';

interface ExplainOptions extends ConnectionOptions {
  readonly partition?: number;
  readonly base64?: true;
}

interface ExplanationAnswer {
  readonly sentences: readonly string[];
}

export function addExplain(program: Command, deps: CommandDeps): void {
  const { terminal } = deps;
  withConnection(
    program
      .command('explain')
      .description('why a key is stuck, what happens next, and what can be done about it'),
  )
    .argument('<route-or-key>', 'the route; the key, where there is one route')
    .argument('[key]')
    .option('--partition <number>', 'where a key is locked in two of them', wholeNumber)
    .option('--base64', 'the key is given as base64')
    .action(async (first: string, second: string | undefined, options: ExplainOptions) => {
      const client = connect(deps, options);
      const args = second === undefined ? [first] : [first, second];
      const { path, rest } = await ofRoute(client, args, { atLeast: 1, what: 'the key' });
      const [key = ''] = rest;
      const answer = await client.get<ExplanationAnswer>(`${path}/keys/${inPath(key)}`, {
        partition: options.partition,
        encoding: options.base64 ? 'base64' : undefined,
      });
      if (options.json) terminal.json(answer);
      else for (const sentence of answer.sentences) terminal.print(plain(sentence));
    });
}

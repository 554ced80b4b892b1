import type { Command } from 'commander';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';
import { plain } from './output/plain.ts';
import { wholeNumber } from './whole-number.ts';

interface ExplainOptions extends ConnectionOptions {
  readonly partition?: number;
  readonly base64?: true;
  readonly origin?: number;
}

interface ExplanationAnswer {
  readonly sentences: readonly string[];
  readonly actions: readonly { readonly effect: string; readonly command: string | null }[];
}

export function addExplain(program: Command, deps: CommandDeps): void {
  withConnection(
    program
      .command('explain')
      .description('why a key is stuck, what happens next, and what can be done about it'),
  )
    .argument('[route]', 'may be left out where there is one')
    .argument('[key]', 'or --origin for a message without one')
    .option('--partition <number>', 'look in this partition only', wholeNumber)
    .option('--base64', 'the key is given as base64')
    .option('--origin <offset>', 'instead of a key: the offset of a message without one', wholeNumber)
    .action((route: string | undefined, key: string | undefined, options: ExplainOptions) =>
      explain(
        deps,
        [route, key].filter((each) => each !== undefined),
        options,
      ),
    );
}

async function explain(
  deps: CommandDeps,
  args: readonly string[],
  { partition, base64, origin, ...options }: ExplainOptions,
): Promise<void> {
  const { terminal } = deps;
  const client = connect(deps, options);
  const { path, rest } = await ofRoute(client, args, {
    atLeast: origin === undefined ? 1 : 0,
    what: 'the key',
  });
  const [key] = rest;
  // Not as a part of the path: a key may be empty, or "..".
  const answer = await client.get<ExplanationAnswer>(`${path}/keys`, {
    ...(origin === undefined ? { [base64 ? 'keyBase64' : 'key']: key } : { origin }),
    partition,
  });
  if (options.json) {
    terminal.json(answer);
    return;
  }
  for (const sentence of answer.sentences) terminal.print(plain(sentence));
  const actions = answer.actions.filter(({ command }) => command !== null);
  if (actions.length > 0) terminal.print('\nWhat you can do:');
  for (const { effect, command } of actions)
    terminal.print(`  ${plain(command ?? '')}\n      ${plain(effect)}`);
}

import type { Command } from 'commander';
import type { KeyedAnswer } from './api/answers.ts';
import type { ApiClient } from './api/client.ts';
import { CommandError, EXIT } from './api/command-error.ts';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';
import {
  deadLetterFilter,
  type DeadLetterFilterOptions,
  withDeadLetterFilter,
} from './dead-letter-filter.ts';
import { type DeadLetterInFull, letterText } from './dead-letter-text.ts';
import { count, keyText, seenFrom, several } from './output/human.ts';
import { type Column, table } from './output/table.ts';
import { positionOf } from './positions.ts';
import { wholeNumber } from './whole-number.ts';

interface DeadLettersOptions extends ConnectionOptions, DeadLetterFilterOptions {
  readonly status?: string;
  readonly limit: number;
  readonly reason?: string;
  readonly yes?: true;
}

interface DeadLetterAnswer extends Pick<KeyedAnswer, 'key' | 'keyBase64'> {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly status: string;
  readonly errorClass: string | null;
  readonly errorMessage: string | null;
  readonly attempt: number;
  readonly deadLetteredAt: number;
}

interface Page {
  readonly deadLetters: readonly DeadLetterAnswer[];
  readonly cursor: string | null;
  readonly complete: boolean;
}

interface DismissedAnswer {
  readonly dismissed: number;
  readonly unchanged: number;
  readonly unknown: readonly unknown[];
}

const PAGE = 1_000;
const VERBS = ['show', 'dismiss'];

export function addDeadLetters(program: Command, deps: CommandDeps): void {
  const command = program
    .command('dead-letters')
    .description('messages that were given up, the newest first');
  withDeadLetterFilter(withConnection(command))
    .argument('[route]')
    .argument('[verb]', 'show P/O: all of one; dismiss P/O …: nothing is to be done about them')
    .argument('[places...]', 'partition and offset as the listing shows them: 3/41')
    .option('--status <status>', 'open (unless given), redriven, dismissed, superseded or all')
    .option('--limit <number>', 'how many at most', wholeNumber, 50)
    .option('--reason <text>', 'with dismiss: why; it is recorded')
    .option('--yes', 'do not ask')
    .action(
      async (
        first: string | undefined,
        second: string | undefined,
        more: readonly string[],
        options: DeadLettersOptions,
      ) => {
        const args = [first, second, ...more].filter((each) => each !== undefined);
        const at = args.findIndex((arg) => VERBS.includes(arg));
        const client = connect(deps, options);
        // What is before the verb can only be the route.
        const before = at < 0 ? args : args.slice(0, at);
        if (before.length > 1)
          throw new CommandError(EXIT.usage, `${before[1] ?? ''} is neither show nor dismiss`);
        const { route, path } = await ofRoute(client, before, { atLeast: 0 });
        const places = at < 0 ? [] : args.slice(at + 1);
        if (at < 0) await list(deps, client, path, options);
        else if (args[at] === 'show') await show(deps, client, path, places, options);
        else await dismiss(deps, client, { route, path }, places, options);
      },
    );
}

async function list(
  deps: CommandDeps,
  client: ApiClient,
  path: string,
  options: DeadLettersOptions,
): Promise<void> {
  const { terminal, clock } = deps;
  const { status, limit } = options;
  const filter = deadLetterFilter(options, clock.now());
  const letters: DeadLetterAnswer[] = [];
  let page: Page;
  let cursor: string | undefined;
  do {
    page = await client.get<Page>(`${path}/dead-letters`, {
      ...{ ...filter, status, cursor },
      limit: Math.max(1, Math.min(PAGE, limit - letters.length)),
    });
    letters.push(...page.deadLetters);
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined && letters.length < limit);
  if (options.json) {
    terminal.json({ deadLetters: letters, cursor: page.cursor, complete: page.complete });
    return;
  }
  if (letters.length === 0) terminal.print('no dead letters');
  else terminal.print(table(columns(clock.now()), letters, terminal.width));
  if (cursor !== undefined) terminal.print(`There are more: raise --limit (${count(limit)}).`);
  if (!page.complete) terminal.print('The oldest are not in the list: the index has only their number.');
}

function columns(now: number): readonly Column<DeadLetterAnswer>[] {
  return [
    { head: 'PLACE', of: ({ partition, offset }) => `${partition}/${offset}` },
    // Where a message has no key, its origin stands elsewhere.
    { head: 'KEY', of: ({ key, keyBase64 }) => keyText({ key, keyBase64 }) },
    { head: 'GIVEN UP', of: ({ deadLetteredAt }) => seenFrom(now, deadLetteredAt) },
    { head: 'CAUSE', of: ({ reason }) => reason },
    { head: 'ATTEMPTS', of: ({ attempt }) => (attempt === 0 ? '?' : attempt), right: true },
    { head: 'STATUS', of: ({ status }) => status },
    {
      head: 'ERROR',
      of: ({ errorClass, errorMessage }) =>
        [errorClass, errorMessage].filter((part) => part !== null).join(': '),
    },
  ];
}

async function show(
  { terminal, clock }: CommandDeps,
  client: ApiClient,
  path: string,
  places: readonly string[],
  { json }: DeadLettersOptions,
): Promise<void> {
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw new CommandError(EXIT.usage, 'show takes one place, like 3/41');
  const { partition, offset } = positionOf(place);
  const letter = await client.get<DeadLetterInFull>(`${path}/dead-letters/${partition}/${offset}`);
  if (json) terminal.json(letter);
  else terminal.print(letterText(letter, clock.now()));
}

async function dismiss(
  { terminal }: CommandDeps,
  client: ApiClient,
  { route, path }: { readonly route: string; readonly path: string },
  places: readonly string[],
  { json, reason, yes }: DeadLettersOptions,
): Promise<void> {
  if (places.length === 0) throw new CommandError(EXIT.usage, 'dismiss takes one or more places, like 3/41');
  if (reason === undefined) throw new CommandError(EXIT.usage, 'say why, by --reason');
  const positions = places.map(positionOf);
  const question = `dismiss ${several(positions.length, 'dead letter')} of ${route}?`;
  if (!yes && !(await terminal.confirmed(question))) throw new CommandError(EXIT.failed, 'nothing was done');
  const answer = await client.post<DismissedAnswer>(`${path}/dead-letters/dismissals`, { positions, reason });
  if (json) terminal.json(answer);
  else {
    terminal.print(
      `${several(answer.dismissed, 'dead letter')} dismissed, ${count(answer.unchanged)} were settled already`,
    );
  }
  if (answer.unknown.length > 0) {
    throw new CommandError(EXIT.unknown, `${several(answer.unknown.length, 'place')} without a dead letter`);
  }
}

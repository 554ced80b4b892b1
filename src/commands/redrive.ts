import type { Command } from 'commander';
import type { RedriveAnswer } from './api/answers.ts';
import { type ApiClient, inPath } from './api/client.ts';
import { CommandError, EXIT } from './api/command-error.ts';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { type OfRoute, ofRoute } from './api/route-argument.ts';
import {
  deadLetterFilter,
  type DeadLetterFilterOptions,
  withDeadLetterFilter,
} from './dead-letter-filter.ts';
import { several } from './output/human.ts';
import { isPosition, positionOf } from './positions.ts';
import { listRedrives, watchRedrive } from './redrive-progress.ts';
import { wholeNumber } from './whole-number.ts';

interface RedriveOptions extends ConnectionOptions, DeadLetterFilterOptions {
  readonly all?: true;
  readonly maxPerSecond?: number;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly detach?: true;
  readonly idempotencyKey?: string;
  readonly yes?: true;
}

const VERBS = ['list', 'watch', 'pause', 'resume', 'cancel'];

export function addRedrive(program: Command, deps: CommandDeps): void {
  const command = program.command('redrive').description('try dead letters again, and watch how it goes');
  withDeadLetterFilter(withConnection(command))
    .argument('[route]')
    .argument(
      '[what...]',
      'places like 3/41; or list, watch ID, pause ID, resume ID, cancel ID of redrives that were begun before',
    )
    .option('--all', 'all that are open now')
    .option('--max-per-second <number>', 'no faster than this', wholeNumber)
    .option('--reason <text>', 'why; it is recorded')
    .option('--dry-run', 'only count what it would take')
    .option('--detach', 'do not wait for its end')
    .option('--idempotency-key <text>', 'the same command with it again is the same redrive')
    .option('--yes', 'do not ask')
    .action(async (first: string | undefined, more: readonly string[], options: RedriveOptions) => {
      const args = [first, ...more].filter((each) => each !== undefined);
      const at = args.findIndex((arg) => VERBS.includes(arg) || isPosition(arg));
      const before = at < 0 ? args : args.slice(0, at);
      if (before.length > 1) {
        throw new CommandError(
          EXIT.usage,
          `${before[1] ?? ''} is neither a place like 3/41 nor one of ${VERBS.join(', ')}`,
        );
      }
      const client = connect(deps, options);
      const where = await ofRoute(client, before, { atLeast: 0 });
      const rest = at < 0 ? [] : args.slice(at);
      const [verb = ''] = rest;
      if (VERBS.includes(verb)) await steer(deps, client, where, rest, options);
      else await start(deps, client, where, rest, options);
    });
}

async function start(
  deps: CommandDeps,
  client: ApiClient,
  { route, path }: OfRoute,
  places: readonly string[],
  options: RedriveOptions,
): Promise<void> {
  const { terminal, nonce } = deps;
  const { reason, dryRun, maxPerSecond } = options;
  if (reason === undefined) throw new CommandError(EXIT.usage, 'say why, by --reason');
  const wish = wishOf(deps, places, options);
  const what =
    places.length > 0
      ? several(places.length, 'dead letter')
      : options.all
        ? 'all open dead letters'
        : 'the dead letters that match';
  if (!dryRun && !options.yes && !(await terminal.confirmed(`redrive ${what} of ${route}?`))) {
    throw new CommandError(EXIT.failed, 'nothing was done');
  }
  const redrive = await client.post<RedriveAnswer>(
    `${path}/redrives`,
    {
      ...wish,
      reason,
      ...(maxPerSecond === undefined ? {} : { maxPerSecond }),
      ...(dryRun ? { dryRun } : {}),
    },
    options.idempotencyKey ?? nonce(),
  );
  if (!options.detach) {
    await watchRedrive(deps, client, `${path}/redrives/${inPath(redrive.id)}`, options);
  } else if (options.json) terminal.json(redrive);
  else terminal.print(`${redrive.id} was begun; see how it goes with: redrive ${route} watch ${redrive.id}`);
}

function wishOf({ clock }: CommandDeps, places: readonly string[], options: RedriveOptions): object {
  const filter = deadLetterFilter(options, clock.now());
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const ways = [places.length > 0, filtered, options.all === true].filter((way) => way).length;
  if (ways !== 1) {
    throw new CommandError(
      EXIT.usage,
      'say which dead letters: by places like 3/41, by --cause, --error, …, or --all',
    );
  }
  if (places.length > 0) return { positions: places.map(positionOf) };
  return filtered ? { filter } : { all: true };
}

async function steer(
  deps: CommandDeps,
  client: ApiClient,
  { path }: OfRoute,
  [verb = '', id, ...more]: readonly string[],
  options: RedriveOptions,
): Promise<void> {
  const { terminal } = deps;
  if (verb === 'list') {
    await listRedrives(deps, client, path, options);
    return;
  }
  if (id === undefined || more.length > 0)
    throw new CommandError(EXIT.usage, `${verb} takes the id of one redrive`);
  const one = `${path}/redrives/${inPath(id)}`;
  if (verb === 'watch') {
    await watchRedrive(deps, client, one, options);
    return;
  }
  const { reason } = options;
  if (reason === undefined) throw new CommandError(EXIT.usage, 'say why, by --reason');
  const answer = await client.post<{ outcome: string; redrive: RedriveAnswer }>(`${one}/${verb}`, { reason });
  if (options.json) terminal.json(answer);
  else terminal.print(`${id} is${answer.outcome === 'unchanged' ? ' already' : ''} ${answer.redrive.state}`);
}

import { Argument, type Command } from 'commander';
import type { BulkAnswer } from './api/answers.ts';
import { CommandError, EXIT } from './api/command-error.ts';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';
import { LOCK_ACTIONS } from './lock-actions.ts';
import { count, several } from './output/human.ts';
import { whileWorking } from './output/while-working.ts';
import { wholeNumber } from './whole-number.ts';

interface BulkOptions extends ConnectionOptions {
  readonly reason: string;
  readonly state?: string;
  readonly partition?: number;
  readonly olderThan?: string;
  readonly keyPrefix?: string;
  readonly errorClass?: string;
  readonly all?: true;
  readonly limit?: number;
  readonly dryRun?: true;
  readonly idempotencyKey?: string;
  readonly yes?: true;
}

export function addBulk(program: Command, deps: CommandDeps): void {
  const names = LOCK_ACTIONS.map(({ name }) => name);
  withConnection(program.command('bulk').description('act on all locks that match, and are there now'))
    .argument('<route-or-action>', `the route; the action, where there is one route: ${names.join(', ')}`)
    .addArgument(new Argument('[action]').choices(names))
    .requiredOption('--reason <text>', 'why; it is recorded')
    .option('--state <state>', 'waiting, probing, draining or parked')
    .option('--partition <number>', 'of this partition only', wholeNumber)
    .option('--older-than <duration>', 'locked for at least so long: 5m, 24h')
    .option('--key-prefix <text>', 'keys that begin so')
    .option('--error-class <class>', 'whose last error is of this class')
    .option('--all', 'all locks of the route')
    .option('--limit <number>', 'at most so many, the oldest first', wholeNumber)
    .option('--dry-run', 'only count them')
    .option('--idempotency-key <text>', 'the same command with it again goes on, and does nothing twice')
    .option('--yes', 'do not ask')
    .action((first: string, second: string | undefined, options: BulkOptions) =>
      bulk(deps, second === undefined ? [first] : [first, second], options),
    );
}

async function bulk(deps: CommandDeps, args: readonly string[], options: BulkOptions): Promise<void> {
  const { terminal, nonce } = deps;
  const { reason, state, partition, olderThan, keyPrefix, errorClass, all, limit, dryRun } = options;
  const filter = { state, partition, olderThan, keyPrefix, errorClass };
  if (all !== true && Object.values(filter).every((value) => value === undefined)) {
    throw new CommandError(EXIT.usage, 'say which locks, by --state, --older-than, …; or --all');
  }
  const client = connect(deps, options);
  const { route, path, rest } = await ofRoute(client, args, { atLeast: 1, what: 'the action' });
  const action = LOCK_ACTIONS.find(({ name }) => name === rest[0]);
  if (action === undefined) {
    throw new CommandError(
      EXIT.usage,
      `the action is one of ${LOCK_ACTIONS.map(({ name }) => name).join(', ')}`,
    );
  }
  const call = (more: object, key?: string): Promise<BulkAnswer> =>
    client.post<BulkAnswer>(
      `${path}/locks/bulk-actions`,
      { filter, action: action.name, reason, ...more },
      key,
    );

  const counted = await call({ dryRun: true, ...(limit === undefined ? {} : { limit }) });
  if (dryRun) {
    if (options.json) terminal.json(counted);
    else terminal.print(`${action.name} would take ${several(counted.matched, 'lock')} of ${route}`);
    failIf(deps, counted, options);
    return;
  }
  const question = `${action.name} ${several(counted.matched, 'lock')} of ${route}?`;
  if (!options.yes && !(await terminal.confirmed(question))) {
    throw new CommandError(EXIT.failed, 'nothing was done');
  }
  const key = options.idempotencyKey ?? nonce();
  const work = call(limit === undefined ? {} : { limit }, key);
  const answer = await whileWorking(deps, `${action.name}: ${several(counted.matched, 'lock')}`, work);
  if (options.json) terminal.json(answer);
  else {
    terminal.print(
      `${several(answer.matched, 'lock')}: ${count(answer.done)} done, ${count(answer.unchanged)} were so already, ` +
        `${count(answer.gone)} were unlocked meanwhile`,
    );
  }
  failIf(deps, answer, options, `--idempotency-key ${key}`);
}

function failIf(deps: CommandDeps, { problems }: BulkAnswer, { limit }: BulkOptions, again = ''): void {
  // That a limit was reached is what was asked for.
  const left = problems.filter((problem) => limit === undefined || !problem.includes('limit'));
  for (const problem of problems) deps.terminal.complain(problem);
  if (left.length > 0) {
    throw new CommandError(
      EXIT.failed,
      `not all of it was done${again === '' ? '' : `; to go on, add ${again}`}`,
    );
  }
}

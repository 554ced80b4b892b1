import type { Command } from 'commander';
import type { ActedAnswer } from './api/answers.ts';
import { CommandError, EXIT } from './api/command-error.ts';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';
import { several } from './output/human.ts';
import { plain } from './output/plain.ts';
import { wholeNumber } from './whole-number.ts';

export interface LockActionSpec {
  readonly name: string;
  readonly description: string;
  readonly done: string;
  /** Something is lost by it, or cannot be taken back. */
  readonly destructive: boolean;
}

export const LOCK_ACTIONS: readonly LockActionSpec[] = [
  {
    name: 'retry-now',
    description: 'retry the head of a key at once',
    done: 'is retried now',
    destructive: false,
  },
  { name: 'park', description: 'hold a key until it is unparked', done: 'is parked', destructive: false },
  { name: 'unpark', description: 'let a parked key go on', done: 'goes on', destructive: false },
  {
    name: 'skip-head',
    description: 'send the head of a key to the dead letters, and go on behind it',
    done: 'goes on behind its first message, which goes to the dead letters',
    destructive: true,
  },
  {
    name: 'discard-head',
    description: 'drop the head of a key: no dead letter is left of it',
    done: 'goes on behind its first message, which is gone',
    destructive: true,
  },
  {
    name: 'discard-all',
    description: 'drop all messages of a key: no dead letters are left of them',
    done: 'is unlocked; its messages are gone',
    destructive: true,
  },
];

interface ActionOptions extends ConnectionOptions {
  readonly reason: string;
  readonly partition?: number;
  readonly base64?: true;
  readonly origin?: number;
  readonly idempotencyKey?: string;
  readonly yes?: true;
}

export function addLockActions(program: Command, deps: CommandDeps): void {
  for (const spec of LOCK_ACTIONS) {
    withConnection(program.command(spec.name).description(spec.description))
      .argument('[route]')
      .argument('[key]', 'or --origin for a message without one')
      .requiredOption('--reason <text>', 'why; it is recorded')
      .option('--partition <number>', 'where a key is locked in two of them', wholeNumber)
      .option('--base64', 'the key is given as base64')
      .option('--origin <offset>', 'instead of a key: the offset of a message without one', wholeNumber)
      .option('--idempotency-key <text>', 'the same command with it again does nothing more')
      .option('--yes', 'do not ask')
      .action((route: string | undefined, key: string | undefined, options: ActionOptions) =>
        act(
          deps,
          spec,
          [route, key].filter((each) => each !== undefined),
          options,
        ),
      );
  }
}

async function act(
  deps: CommandDeps,
  spec: LockActionSpec,
  args: readonly string[],
  options: ActionOptions,
): Promise<void> {
  const { terminal } = deps;
  const client = connect(deps, options);
  const { origin, partition, reason, idempotencyKey } = options;
  const { route, path, rest } = await ofRoute(client, args, {
    atLeast: origin === undefined ? 1 : 0,
    what: 'the key',
  });
  const [key] = rest;
  const target =
    origin !== undefined ? { origin } : options.base64 ? { keyBase64: key ?? '' } : { key: key ?? '' };
  const named = origin === undefined ? plain(key ?? '') : `origin ${origin}`;
  if (spec.destructive && !options.yes && !(await terminal.confirmed(`${spec.name} ${named} of ${route}?`))) {
    throw new CommandError(EXIT.failed, 'nothing was done');
  }
  const body = { ...target, ...(partition === undefined ? {} : { partition }), action: spec.name, reason };
  const answer = await client.post<ActedAnswer>(`${path}/locks/actions`, body, idempotencyKey);
  if (options.json) terminal.json(answer);
  else if (answer.outcome === 'unchanged') terminal.print(`${named}: nothing to do; it is so already`);
  else
    terminal.print(
      `${named} ${spec.done} (${several(answer.entries, 'message')}, partition ${answer.partition})`,
    );
}

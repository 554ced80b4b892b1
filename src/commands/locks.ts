import type { Command } from 'commander';
import type { LockAnswer } from './api/answers.ts';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';
import { count, keyText, seenFrom, span } from './output/human.ts';
import { type Column, table } from './output/table.ts';
import { wholeNumber } from './whole-number.ts';

interface LocksOptions extends ConnectionOptions {
  readonly state?: string;
  readonly partition?: number;
  readonly olderThan?: string;
  readonly keyPrefix?: string;
  readonly errorClass?: string;
  readonly sort?: string;
  readonly limit: number;
}

interface Page {
  readonly locks: readonly LockAnswer[];
  readonly cursor: string | null;
}

const PAGE = 1_000;

export function addLocks(program: Command, deps: CommandDeps): void {
  const { terminal, clock } = deps;
  withConnection(program.command('locks').description('locked keys, the oldest first'))
    .argument('[route]')
    .option('--state <state>', 'waiting, probing, draining or parked')
    .option('--partition <number>', 'of this partition only', wholeNumber)
    .option('--older-than <duration>', 'locked for at least so long: 5m, 24h')
    .option('--key-prefix <text>', 'keys that begin so')
    .option('--error-class <class>', 'whose last error is of this class')
    .option('--sort <order>', 'age, held or attempt')
    .option('--limit <number>', 'how many at most', wholeNumber, 50)
    .action(async (route: string | undefined, options: LocksOptions) => {
      const client = connect(deps, options);
      const { path } = await ofRoute(client, route === undefined ? [] : [route], { atLeast: 0 });
      const { state, partition, olderThan, keyPrefix, errorClass, sort, limit } = options;
      const filter = { state, partition, olderThan, keyPrefix, errorClass, sort };
      const locks: LockAnswer[] = [];
      let cursor: string | null = null;
      do {
        const page: Page = await client.get(`${path}/locks`, {
          ...filter,
          limit: Math.max(1, Math.min(PAGE, limit - locks.length)),
          cursor: cursor ?? undefined,
        });
        locks.push(...page.locks);
        ({ cursor } = page);
      } while (cursor !== null && locks.length < limit);
      if (options.json) terminal.json({ locks, cursor });
      else if (locks.length === 0) terminal.print('no locks');
      else {
        terminal.print(table(columns(clock.now()), locks, terminal.width));
        if (cursor !== null) terminal.print(`There are more: raise --limit (${count(limit)}).`);
      }
    });
}

function columns(now: number): readonly Column<LockAnswer>[] {
  return [
    { head: 'KEY', of: keyText },
    { head: 'PARTITION', of: ({ partition }) => partition, right: true },
    { head: 'STATE', of: ({ state }) => state },
    { head: 'LOCKED FOR', of: ({ ageMs }) => span(ageMs), right: true },
    { head: 'MESSAGES', of: ({ held }) => count(held), right: true },
    { head: 'ATTEMPTS', of: ({ attempt }) => attempt, right: true },
    {
      head: 'NEXT',
      of: ({ nextAttemptAt }) => (nextAttemptAt === null ? '–' : seenFrom(now, nextAttemptAt)),
    },
    {
      head: 'LAST ERROR',
      of: ({ lastError }) => (lastError === null ? '' : `${lastError.class}: ${lastError.message}`),
    },
  ];
}

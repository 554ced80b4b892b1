import type { Command } from 'commander';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';
import { count, keyText, span } from './output/human.ts';
import { type Column, table } from './output/table.ts';
import { wholeNumber } from './whole-number.ts';

interface HotKeysOptions extends ConnectionOptions {
  readonly by: string;
  readonly limit: number;
}

interface HotKeyAnswer {
  readonly key?: string;
  readonly keyBase64?: string;
  readonly partition: number;
  readonly count: number;
  readonly error: number;
  readonly share: number;
}

interface HotKeysAnswer {
  readonly by: 'held' | 'failures';
  readonly since: number | null;
  readonly total: number;
  readonly othersAtMost: number;
  readonly without: readonly number[];
  readonly keys: readonly HotKeyAnswer[];
}

export function addHotKeys(program: Command, deps: CommandDeps): void {
  const { terminal, clock } = deps;
  withConnection(program.command('hot-keys').description('the keys that hold, or fail, most messages'))
    .argument('[route]')
    .option('--by <quantity>', 'held or failures', 'held')
    .option('--limit <number>', 'how many at most', wholeNumber, 20)
    .action(async (route: string | undefined, options: HotKeysOptions) => {
      const client = connect(deps, options);
      const { path } = await ofRoute(client, route === undefined ? [] : [route], { atLeast: 0 });
      const { by, limit } = options;
      const answer = await client.get<HotKeysAnswer>(`${path}/hot-keys`, { by, limit });
      if (options.json) {
        terminal.json(answer);
        return;
      }
      const what =
        answer.by === 'held'
          ? 'held messages'
          : `failures in the last ${span(clock.now() - (answer.since ?? clock.now()))}`;
      terminal.print(`${count(answer.total)} ${what}`);
      if (answer.keys.length > 0) terminal.print(table(columns(answer), answer.keys, terminal.width));
      if (answer.othersAtMost > 0) terminal.print(`Any other key has at most ${count(answer.othersAtMost)}.`);
      if (answer.without.length > 0)
        terminal.print(`Without partitions that are being restored: ${answer.without.join(', ')}.`);
    });
}

function columns({ by }: HotKeysAnswer): readonly Column<HotKeyAnswer>[] {
  return [
    { head: 'KEY', of: keyText },
    { head: 'PARTITION', of: ({ partition }) => partition, right: true },
    { head: by === 'held' ? 'HELD' : 'FAILURES', of: amount, right: true },
    { head: 'SHARE', of: ({ share }) => `${(100 * share).toFixed(1)} %`, right: true },
  ];
}

function amount({ count: most, error }: HotKeyAnswer): string {
  return error === 0 ? count(most) : `${count(most - error)}–${count(most)}`;
}

import type { Command } from 'commander';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { ofRoute } from './api/route-argument.ts';
import { count, span } from './output/human.ts';
import { type Column, table } from './output/table.ts';

interface PartitionAnswer {
  readonly partition: number;
  readonly owned: boolean;
  readonly restored: boolean;
  readonly lockedKeys: number | null;
  readonly heldMessages: number | null;
  readonly inFlight: number | null;
  readonly parked: number | null;
  readonly dueNow: number | null;
  readonly oldestLockAgeMs: number | null;
  readonly ingestLag: number | null;
  readonly consumerLag: number | null;
  readonly claimant: { readonly consumerId: string; readonly alive: boolean } | null;
}

export function addPartitions(program: Command, deps: CommandDeps): void {
  const { terminal } = deps;
  withConnection(program.command('partitions').description('what each partition holds, and who works on it'))
    .argument('[route]')
    .action(async (route: string | undefined, options: ConnectionOptions) => {
      const client = connect(deps, options);
      const { path } = await ofRoute(client, route === undefined ? [] : [route], { atLeast: 0 });
      const answer = await client.get<{ partitions: PartitionAnswer[] }>(`${path}/partitions`);
      if (options.json) terminal.json(answer);
      else terminal.print(table(COLUMNS, answer.partitions, terminal.width));
    });
}

const COLUMNS: readonly Column<PartitionAnswer>[] = [
  { head: 'PARTITION', of: ({ partition }) => partition, right: true },
  { head: 'STATE', of: ({ restored }) => (restored ? 'ok' : 'restoring') },
  figure('LOCKED', ({ lockedKeys }) => lockedKeys),
  figure('PARKED', ({ parked }) => parked),
  figure('HELD', ({ heldMessages }) => heldMessages),
  figure('DUE', ({ dueNow }) => dueNow),
  figure('IN FLIGHT', ({ inFlight }) => inFlight),
  {
    head: 'OLDEST',
    of: ({ oldestLockAgeMs }) => (oldestLockAgeMs === null ? '–' : span(oldestLockAgeMs)),
    right: true,
  },
  figure('RETRY LAG', ({ ingestLag }) => ingestLag),
  figure('CONSUMER LAG', ({ consumerLag }) => consumerLag),
  { head: 'CLAIMED BY', of: claimed },
];

function figure(head: string, of: (each: PartitionAnswer) => number | null): Column<PartitionAnswer> {
  return { head, of: (each) => (of(each) === null ? '?' : count(of(each) ?? 0)), right: true };
}

function claimed({ claimant }: PartitionAnswer): string {
  if (claimant === null) return 'nobody';
  return claimant.alive ? claimant.consumerId : `${claimant.consumerId} (not heard of)`;
}

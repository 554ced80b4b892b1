import type { Command } from 'commander';
import type { DeedAnswer } from './api/answers.ts';
import { type CommandDeps, connect, type ConnectionOptions, withConnection } from './api/connection.ts';
import { keyText, seenFrom } from './output/human.ts';
import { type Column, table } from './output/table.ts';
import { wholeNumber } from './whole-number.ts';

interface AuditOptions extends ConnectionOptions {
  readonly route?: string;
  readonly who?: string;
  readonly action?: string;
  readonly since?: string;
  readonly limit: number;
}

interface Page {
  readonly deeds: readonly DeedAnswer[];
  readonly cursor: string | null;
}

const PAGE = 1_000;

export function addAudit(program: Command, deps: CommandDeps): void {
  const { terminal, clock } = deps;
  withConnection(program.command('audit').description('what operators did, the newest first'))
    .option('--route <route>', 'in this route')
    .option('--who <name>', 'by them')
    .option('--action <action>', 'park, redrive, …')
    .option('--since <time>', '30m, 24h, or 2026-11-21T18:00:00Z')
    .option('--limit <number>', 'how many at most', wholeNumber, 50)
    .action(async (options: AuditOptions) => {
      const client = connect(deps, options);
      const { route, who, action, since, limit } = options;
      const deeds: DeedAnswer[] = [];
      let cursor: string | null = null;
      do {
        const page: Page = await client.get('/v1/audit', {
          ...{ route, who, action, since },
          limit: Math.max(1, Math.min(PAGE, limit - deeds.length)),
          cursor: cursor ?? undefined,
        });
        deeds.push(...page.deeds);
        ({ cursor } = page);
      } while (cursor !== null && deeds.length < limit);
      if (options.json) terminal.json({ deeds, cursor });
      else if (deeds.length === 0) terminal.print('nothing was done');
      else terminal.print(table(columns(clock.now()), deeds, terminal.width));
    });
}

function columns(now: number): readonly Column<DeedAnswer>[] {
  return [
    { head: 'WHEN', of: ({ at }) => seenFrom(now, at) },
    { head: 'WHO', of: ({ who, address }) => (who === 'anonymous' ? `${who} (${address})` : who) },
    { head: 'ACTION', of: ({ action }) => action },
    { head: 'ROUTE', of: ({ route }) => route },
    { head: 'TARGET', of: ({ target }) => targetText(target) },
    { head: 'RESULT', of: ({ result }) => fieldsText(result) },
    { head: 'REASON', of: ({ reason }) => reason },
  ];
}

function targetText({
  key,
  keyBase64,
  origin,
  retryOffset,
  partition,
  ...more
}: DeedAnswer['target']): string {
  const named = [key, keyBase64, origin, retryOffset].some((each) => each !== undefined);
  const name = named ? [keyText({ key, keyBase64, origin, retryOffset } as never)] : [];
  const place = partition === undefined ? [] : [`partition ${JSON.stringify(partition)}`];
  return [...name, ...place, fieldsText(more)].filter((part) => part !== '').join(' ');
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

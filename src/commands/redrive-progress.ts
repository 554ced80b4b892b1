import type { RedriveAnswer } from './api/answers.ts';
import type { ApiClient } from './api/client.ts';
import { CommandError, EXIT } from './api/command-error.ts';
import type { CommandDeps } from './api/connection.ts';
import { count, seenFrom, several, span } from './output/human.ts';
import { plain } from './output/plain.ts';
import { progressBar } from './output/progress-bar.ts';
import { type Column, table } from './output/table.ts';

const LOOK_EVERY_MS = 500;

interface Shown {
  readonly json?: true;
}

/** Follows a redrive to its end. It goes on when nobody watches any more. @throws CommandError where it did not do all. */
export async function watchRedrive(
  { terminal, clock }: CommandDeps,
  client: ApiClient,
  path: string,
  { json }: Shown,
): Promise<void> {
  let redrive = await client.get<RedriveAnswer>(path);
  while (redrive.state === 'running') {
    terminal.progress(progressText(redrive, clock.now()));
    await clock.sleep(LOOK_EVERY_MS);
    redrive = await client.get<RedriveAnswer>(path);
  }
  terminal.progress('');
  if (json) terminal.json(redrive);
  else terminal.print(reportText(redrive));
  const { state, progress, error } = redrive;
  if (state !== 'done')
    throw new CommandError(
      EXIT.failed,
      `the redrive is ${state}${error === null ? '' : `: ${plain(error)}`}`,
    );
  if (progress.undeliverable > 0) {
    throw new CommandError(
      EXIT.failed,
      `${several(progress.undeliverable, 'dead letter')} could not be redriven`,
    );
  }
}

export async function listRedrives(
  { terminal, clock }: CommandDeps,
  client: ApiClient,
  path: string,
  { json }: Shown,
): Promise<void> {
  const answer = await client.get<{ redrives: RedriveAnswer[] }>(`${path}/redrives`);
  if (json) terminal.json(answer);
  else if (answer.redrives.length === 0) terminal.print('no redrives');
  else terminal.print(table(columns(clock.now()), answer.redrives, terminal.width));
}

function columns(now: number): readonly Column<RedriveAnswer>[] {
  return [
    { head: 'ID', of: ({ id }) => id },
    { head: 'STATE', of: ({ state, dryRun }) => (dryRun ? `${state} (dry run)` : state) },
    { head: 'BEGUN', of: ({ createdAt }) => seenFrom(now, createdAt) },
    { head: 'WHO', of: ({ who }) => who },
    {
      head: 'DONE',
      of: ({ progress }) => `${count(progress.examined)}/${count(progress.total)}`,
      right: true,
    },
    { head: 'PUBLISHED', of: ({ progress }) => count(progress.published), right: true },
    { head: 'FAILED', of: ({ progress }) => count(progress.undeliverable), right: true },
    { head: 'REASON', of: ({ reason }) => reason },
  ];
}

function progressText({ progress, perSecond, estimatedEnd, waitingFor }: RedriveAnswer, now: number): string {
  const left = estimatedEnd === null ? '' : `, ${span(Math.max(0, estimatedEnd - now))} left`;
  const waits = waitingFor === null ? '' : `, waits for: ${plain(waitingFor)}`;
  const bar = progressBar(progress.examined, progress.total);
  return `${bar}  ${count(progress.published)} published, ${count(Math.round(perSecond))}/s${left}${waits}`;
}

function reportText({ id, state, dryRun, progress, problems = [] }: RedriveAnswer): string {
  const { matched, published, skipped, undeliverable } = progress;
  const head = dryRun
    ? `${id} would take ${several(matched, 'dead letter')}`
    : `${id} ${state}: ${count(published)} published, ${count(skipped)} passed over, ${count(undeliverable)} could not be`;
  return [
    head,
    ...problems.map(({ partition, offset, problem }) => `  ${partition}/${offset}: ${plain(problem)}`),
  ].join('\n');
}

import { writeFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Chronicle } from './chronicle.ts';
import type { Verdict } from './checker.ts';
import type { FaultOptions } from './options.ts';
import { policies } from './routes.ts';
import type { Stage } from './stage/stage.ts';

/** Logs and histories; not the data of the servers. */
const kept = new Set(['.log', '.jsonl', '.yaml']);

/** Copies what one needs to look into a run to where it stays; resolves with the directory. */
export async function keepEvidence(
  stage: Stage,
  chronicle: Chronicle,
  { keep, seed, minutes }: FaultOptions,
  verdicts: readonly Verdict[],
): Promise<string> {
  const directory = keep ?? (await mkdtemp(join(tmpdir(), `retry-orchestrator-faults-${seed}-`)));
  await mkdir(directory, { recursive: true });
  for (const source of stage.directories) {
    for (const name of await readdir(source)) {
      if (kept.has(extname(name))) await copyFile(join(source, name), join(directory, name));
    }
  }
  const rows = verdicts.flatMap((verdict) => verdict.rows);
  const broken = rows.filter(({ violations }) => violations.length > 0).map(({ promise }) => promise);
  const lines = chronicle.sorted.map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(join(directory, 'history.jsonl'), lines.join(''));
  writeFileSync(
    join(directory, 'run.json'),
    JSON.stringify({ seed, minutes, policies, ...(verdicts.length > 0 ? { broken } : {}) }, null, 1),
  );
  return directory;
}

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const chartFolder = join(root, 'helm/retry-orchestrator');

/** Values that are complete, each with its own idea of an installation. */
export const variants = (await readdir(join(chartFolder, 'ci'))).map((name) => join(chartFolder, 'ci', name));

/** As the chart renders it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: unknown;
}

interface Result {
  readonly status: number;
  readonly output: string;
}

/** Where dev/chart/build-tools.sh has put a tool; null: nobody has built it here. */
export async function toolFolder(name: string): Promise<string | null> {
  const { output } = await run(join(root, 'dev/chart/build-tools.sh'), ['--built', name]);
  return output.trim() === '' ? null : output.trim();
}

/** A tool that `dev/setup.sh chart` has built. */
export async function tool(name: string, args: readonly string[]): Promise<Result> {
  const folder = await toolFolder(name);
  if (folder === null) throw new Error(`${name} is not there: run dev/setup.sh chart, or make chart`);
  return run(join(folder, name), args);
}

export async function run(program: string, args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: root, maxBuffer: 2 ** 26 }, (error, out, err) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ status, output: out + err });
    });
  });
}

/** What `helm template` writes of these values. */
export async function rendered(values: string, ...more: string[]): Promise<string> {
  const result = await tool('helm', [
    'template',
    'retries',
    chartFolder,
    '-n',
    'apps',
    '-f',
    values,
    ...more,
  ]);
  if (result.status !== 0) throw new Error(result.output);
  return result.output;
}

export async function objectsOf(values: string, ...more: string[]): Promise<readonly KubernetesObject[]> {
  return parseAllDocuments(await rendered(values, ...more))
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** A folder that is gone afterwards. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'chart-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

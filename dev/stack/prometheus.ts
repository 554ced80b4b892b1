import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { PrometheusApi } from './prometheus-api.ts';
import { ServerProcess } from './server-process.ts';
import { Workspace } from './workspace.ts';

export interface PrometheusOptions {
  /** `host:port` of each process that answers `GET /metrics`. It need not answer yet. */
  readonly targets: readonly string[];
  /** Labels that every target gets, as `namespace` has them in Kubernetes. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Files with rules: name without an extension, and content (YAML). */
  readonly rules?: Readonly<Record<string, string>>;
  /** How often targets are scraped and rules evaluated. Default 1 s. */
  readonly interval?: string;
}

export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  readonly api: PrometheusApi;
}

/**
 * A Prometheus of one's own, on this machine, with its data in a temporary directory. It answers at once; the first
 * scrape comes about five seconds later, so start it before what it is to see.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const workspace = await Workspace.open();
  try {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await writeFile(join(workspace.directory, 'prometheus.yml'), configuration(options));
    await mkdir(join(workspace.directory, 'rules'));
    for (const [name, content] of Object.entries(options.rules ?? {})) {
      await writeFile(join(workspace.directory, 'rules', `${name}.yml`), content);
    }
    const server = new ServerProcess(workspace, {
      name: 'prometheus',
      command: 'prometheus',
      args: [
        '--config.file=prometheus.yml',
        '--storage.tsdb.path=data',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      isReady: () => isReady(url),
      timeoutMs: 30_000,
    });
    await server.start();
    return {
      url,
      api: new PrometheusApi(url),
      [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
    };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}

/** YAML is a superset of JSON. */
function configuration({ targets, labels = {}, interval = '1s' }: PrometheusOptions): string {
  return JSON.stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ['rules/*.yml'],
    scrape_configs: [{ job_name: 'retry-orchestrator', static_configs: [{ targets, labels }] }],
  });
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
  await answer?.text();
  return answer?.ok ?? false;
}

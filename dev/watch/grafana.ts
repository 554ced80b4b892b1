import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { freePort } from '../stack/free-port.ts';
import { ServerProcess } from '../stack/server-process.ts';
import { Workspace } from '../stack/workspace.ts';

/** Where Grafana's packages put its pages. */
const HOME = '/usr/share/grafana';
const dashboards = resolve(import.meta.dirname, '../../grafana/dashboards');
const provisioning = resolve(import.meta.dirname, '../../grafana/provisioning');

export interface Grafana extends AsyncDisposable {
  readonly url: string;
}

/** The path of `grafana-server`; undefined where it is not installed. */
export function installedGrafana(path: string): string | undefined {
  const directories = [...path.split(delimiter), '/usr/sbin', `${HOME}/bin`];
  return directories.map((directory) => join(directory, 'grafana-server')).find((file) => existsSync(file));
}

/** A Grafana that knows this Prometheus and the dashboards. Whoever opens it needs no password. */
export async function startGrafana(command: string, prometheus: string): Promise<Grafana> {
  const workspace = await Workspace.open();
  try {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const settings = {
      GF_SERVER_HTTP_ADDR: '127.0.0.1',
      GF_SERVER_HTTP_PORT: port,
      GF_PATHS_DATA: join(workspace.directory, 'data'),
      GF_PATHS_LOGS: join(workspace.directory, 'logs'),
      GF_PATHS_PROVISIONING: provisioning,
      // These three are what the files there ask for.
      PROMETHEUS_URL: prometheus,
      SCRAPE_INTERVAL: '1s',
      DASHBOARDS: dashboards,
      GF_AUTH_ANONYMOUS_ENABLED: true,
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Admin',
      GF_ANALYTICS_REPORTING_ENABLED: false,
      GF_ANALYTICS_CHECK_FOR_UPDATES: false,
      GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: join(dashboards, 'overview.json'),
    };
    const server = new ServerProcess(workspace, {
      name: 'grafana',
      command: 'env',
      args: [
        ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
        ...[command, '--homepath', HOME],
      ],
      isReady: async () => (await fetch(`${url}/api/health`).catch(() => undefined))?.ok ?? false,
      timeoutMs: 60_000,
    });
    await server.start();
    return { url, [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose]() };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}

import type { Environment } from '../config/read-section.ts';
import { loadConfigOrReport } from './configured.ts';

/** Less than what Docker and Kubernetes give a check by default. */
const PATIENCE_MS = 4_000;

interface Out {
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>;
  readonly stderr: Pick<NodeJS.WriteStream, 'write'>;
}

/**
 * Asks the service of this machine, at the port of its configuration, whether it lives, or with `ready` whether it is
 * ready. Answers the exit code: 1 if it is not, 2 if the configuration can't be used.
 */
export async function health(
  configPath: string,
  env: Environment,
  { ready = false }: { readonly ready?: boolean } = {},
  { stdout, stderr }: Out = process,
): Promise<number> {
  const config = loadConfigOrReport(configPath, env);
  if (config === undefined) return 2;
  const { host, port } = config.http;
  const url = `http://${reachable(host)}:${port}/${ready ? 'readyz' : 'livez'}`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    (answer.ok ? stdout : stderr).write(`${await answer.text()}\n`);
    return answer.ok ? 0 : 1;
  } catch (error) {
    const { message, cause } = error as Error;
    stderr.write(`${url} does not answer: ${cause instanceof Error ? cause.message : message}\n`);
    return 1;
  }
}

/** An address to listen on that stands for all of them is none to call. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

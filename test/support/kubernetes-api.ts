import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from './chart.ts';
import { freePort } from '../../dev/stack/free-port.ts';
import { waitFor } from './wait-for.ts';

interface Answer {
  readonly status: number;
  readonly body: { readonly message?: string; readonly resources?: readonly Resource[] };
  /** What the server warns of, as that a pod would not fit the Pod Security Standard. */
  readonly warnings: readonly string[];
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const TOKEN = 'of-this-test-alone';

/** A real kube-apiserver with its etcd, and nothing else: no controllers, no nodes. */
export class KubernetesApi implements AsyncDisposable {
  readonly #port: number;
  readonly #processes: readonly ChildProcess[];

  private constructor(port: number, processes: readonly ChildProcess[]) {
    this.#port = port;
    this.#processes = processes;
  }

  /** `folder`: for its data. `tools`: where the two programs lie. */
  static async start(
    folder: string,
    tools: { readonly apiServer: string; readonly etcd: string },
  ): Promise<KubernetesApi> {
    const [port, client, peer] = [await freePort(), await freePort(), await freePort()];
    const key = join(folder, 'accounts.key');
    await run('openssl', ['genrsa', '-out', key, '2048']);
    await writeFile(join(folder, 'tokens.csv'), `${TOKEN},admin,1,system:masters\n`);
    const of = (number: number): string => `http://127.0.0.1:${number}`;
    const etcd = spawn(
      join(tools.etcd, 'etcd'),
      [
        ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync'],
        ...['--listen-client-urls', of(client), '--advertise-client-urls', of(client)],
        ...['--listen-peer-urls', of(peer), '--initial-advertise-peer-urls', of(peer)],
        ...['--initial-cluster', `default=${of(peer)}`],
      ],
      { stdio: 'ignore' },
    );
    const server = spawn(
      join(tools.apiServer, 'kube-apiserver'),
      [
        ...['--etcd-servers', of(client), '--secure-port', String(port), '--bind-address', '127.0.0.1'],
        ...['--cert-dir', join(folder, 'certs'), '--token-auth-file', join(folder, 'tokens.csv')],
        ...['--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', key],
        ...['--service-account-signing-key-file', key, '--service-cluster-ip-range', '10.0.0.0/24'],
        ...['--authorization-mode', 'AlwaysAllow', '--endpoint-reconciler-type', 'none'],
        // Nobody makes the accounts of a namespace here.
        ...['--disable-admission-plugins', 'ServiceAccount'],
      ],
      { stdio: 'ignore' },
    );
    const api = new KubernetesApi(port, [server, etcd]);
    await waitFor(
      'the API server to be ready',
      async () => (await api.call('GET', '/readyz')).status === 200,
    );
    return api;
  }

  /** Server-side apply; `dryRun`: everything but the storing. */
  async apply(object: Named, { dryRun }: { dryRun: boolean }): Promise<Answer> {
    const { apiVersion, kind, metadata } = object;
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { body } = await this.call('GET', group);
    const resource = body.resources?.find((each) => each.kind === kind && !each.name.includes('/'));
    if (resource === undefined) throw new Error(`the server does not know ${apiVersion} ${kind}`);
    const place = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    const query = `fieldManager=test&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
    return this.call('PATCH', `${group}${place}/${resource.name}/${metadata.name}?${query}`, object);
  }

  async call(method: string, path: string, body?: object): Promise<Answer> {
    const asked = request({
      ...{ host: '127.0.0.1', port: this.#port, method, path, agent: false },
      // It has made its certificate itself a second ago.
      rejectUnauthorized: false,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }),
      },
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const answer = await text(response);
    const { warning = [] } = response.headers as { warning?: string | string[] };
    return {
      status: response.statusCode ?? 0,
      body: answer.startsWith('{') ? (JSON.parse(answer) as Answer['body']) : {},
      warnings: [warning].flat(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) {
      if (process.exitCode !== null) continue;
      const gone = once(process, 'exit');
      process.kill('SIGKILL');
      await gone;
    }
  }
}

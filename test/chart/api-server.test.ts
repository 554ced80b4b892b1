import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { chartFolder, objectsOf, temporaryFolder, toolFolder, variants } from '../support/chart.ts';
import { KubernetesApi } from '../support/kubernetes-api.ts';
import { waitFor } from '../support/wait-for.ts';

const apiServer = await toolFolder('kube-apiserver');
const etcd = await toolFolder('etcd');
const there = apiServer !== null && etcd !== null;
if (!there)
  process.stderr.write('chart: no Kubernetes API server was built here (make chart-api-server does)\n');

const named = variants.map((path) => [basename(path), path] as const);

(there ? describe : describe.skip)(
  'a Kubernetes API server that enforces the restricted Pod Security Standard',
  () => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let api: KubernetesApi;

    beforeAll(async () => {
      folder = await temporaryFolder();
      api = await KubernetesApi.start(folder.path, { apiServer: apiServer ?? '', etcd: etcd ?? '' });
      const labels = Object.fromEntries(
        ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
      );
      for (const name of ['apps', 'retries']) {
        const { status } = await api.apply(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } as never },
          { dryRun: false },
        );
        expect(status).toBe(201);
      }
      const crds = (await toolFolder('crds')) ?? '';
      for (const file of await readdir(crds)) {
        const definition = parse(await readFile(join(crds, file), 'utf8')) as {
          spec: { group: string; versions: [{ name: string }] };
        } & Parameters<KubernetesApi['apply']>[0];
        expect((await api.apply(definition, { dryRun: false })).status).toBe(201);
        const { group, versions } = definition.spec;
        await waitFor(
          group,
          async () => (await api.call('GET', `/apis/${group}/${versions[0].name}`)).status === 200,
        );
      }
    });

    afterAll(async () => {
      await api[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    test.each(named)('takes all of %s, without a warning', async (_name, values) => {
      for (const object of await objectsOf(values)) {
        const { status, body, warnings } = await api.apply(object, { dryRun: true });
        const { kind } = object;
        expect({ kind, status, message: body.message, warnings }).toEqual({
          kind,
          status: 201,
          message: undefined,
          warnings: [],
        });
      }
    });

    test('takes the pods themselves of all of them', async () => {
      for (const [, values] of named) {
        for (const { kind, metadata, spec } of await objectsOf(values)) {
          const template = (spec as { template?: { metadata: object; spec: object } } | undefined)?.template;
          if (template === undefined) continue;
          const pod = {
            ...{ apiVersion: 'v1', kind: 'Pod', spec: template.spec },
            metadata: { ...template.metadata, name: metadata.name, namespace: metadata.namespace },
          };
          const { status, body } = await api.apply(pod, { dryRun: true });
          expect({ kind, status, message: body.message }).toEqual({ kind, status: 201, message: undefined });
        }
      }
    });

    test('refuses a pod that does not keep to it: the standard is enforced here', async () => {
      const objects = await objectsOf(
        join(chartFolder, 'ci/minimal-values.yaml'),
        '--set',
        'securityContext.capabilities=null',
      );
      const pod = objects.find(({ kind }) => kind === 'Pod');
      const { status, body } = await api.apply(pod!, { dryRun: true });
      expect(status).toBe(403);
      expect(body.message).toContain('unrestricted capabilities');
    });

    test('an installation becomes another by an upgrade: nothing of it can not be changed', async () => {
      const installed = await objectsOf(join(chartFolder, 'ci/minimal-values.yaml'));
      const upgraded = await objectsOf(join(chartFolder, 'ci/production-values.yaml'));
      for (const [objects, statuses] of [
        [installed, [201]],
        [upgraded, [200, 201]],
      ] as const) {
        for (const object of objects.filter(
          ({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined,
        )) {
          const { status, body } = await api.apply(object, { dryRun: false });
          expect({
            status,
            message: body.message,
            fine: (statuses as readonly number[]).includes(status),
          }).toMatchObject({ fine: true });
        }
      }
    });
  },
);

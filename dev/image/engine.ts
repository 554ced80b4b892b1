import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dockerAnswers } from '../stack/docker.ts';

const execute = promisify(execFile);

/** What builds images and runs containers here. Each command takes the arguments of `docker`. */
export interface Engine {
  readonly name: 'Docker' | 'Buildah and Podman';
  /** For `build`, `from`, `commit`. */
  readonly builder: readonly string[];
  /** For `run`, `exec`, `stop`, `image`. */
  readonly runner: readonly string[];
  /** More arguments of `build`. */
  readonly buildOptions: readonly string[];
  /** More arguments of `run`. */
  readonly runOptions: readonly string[];
}

const docker: Engine = {
  ...{ name: 'Docker', builder: ['docker'], runner: ['docker'] },
  ...{ buildOptions: [], runOptions: [] },
};

/** A Docker daemon if one answers; else Buildah, which builds without one, and Podman, which runs what it has built. */
export async function findEngine(): Promise<Engine> {
  return (await dockerAnswers()) ? docker : withoutDaemon();
}

async function withoutDaemon(): Promise<Engine> {
  const cache = join(
    process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    'retry-orchestrator',
    'images',
  );
  await mkdir(cache, { recursive: true });
  const store = (driver: string): string[] => [
    ...['--root', join(cache, driver), '--runroot', `/run/retry-orchestrator-images/${driver}`],
    ...['--storage-driver', driver],
  ];
  // Copies each layer whole, so that it works on any file system, and only there.
  const options = (await works(['buildah', ...store('overlay'), 'info'])) ? store('overlay') : store('vfs');
  return {
    name: 'Buildah and Podman',
    builder: ['buildah', ...options],
    runner: [
      'podman',
      ...options,
      '--runtime',
      'runc',
      '--cgroup-manager',
      'cgroupfs',
      '--events-backend',
      'none',
    ],
    // Docker's format, because OCI's has no HEALTHCHECK; and a chroot needs nothing that a container would.
    buildOptions: ['--format', 'docker', '--isolation', 'chroot', '--pull-never', '--layers'],
    // Podman would raise the limits further than some machines allow.
    runOptions: [
      '--ulimit',
      'nofile=8192:8192',
      '--ulimit',
      'nproc=4096:4096',
      '--timeout',
      '900',
      '--read-only-tmpfs=false',
    ],
  };
}

async function works([command = '', ...args]: readonly string[]): Promise<boolean> {
  return execute(command, args).then(
    () => true,
    () => false,
  );
}

/** Where the machine keeps the certificate authorities of its network, if it says so. */
export function certificateAuthorities(): string | undefined {
  return [process.env['NODE_EXTRA_CA_CERTS'], process.env['SSL_CERT_FILE']].find(
    (file) => file !== undefined && existsSync(file),
  );
}

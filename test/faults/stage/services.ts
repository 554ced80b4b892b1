import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../../../dev/stack/free-port.ts';
import type { Workspace } from '../../../dev/stack/workspace.ts';
import { waitFor } from '../../support/wait-for.ts';
import { serviceConfig } from '../routes.ts';
import { Member } from './member.ts';

const wallClock = join(import.meta.dirname, 'wall-clock.mjs');
const READY_MS = 60_000;

/** One replica of the service, as users start it, with a wall clock that can be set. */
export class Service {
  readonly member: Member;
  readonly url: string;
  readonly #clockFile: string;

  private constructor(member: Member, url: string, clockFile: string) {
    this.member = member;
    this.url = url;
    this.#clockFile = clockFile;
  }

  /** `dist` is the folder of the build. */
  static async prepare(
    name: string,
    workspace: Workspace,
    given: { dist: string; brokers: readonly string[]; redisUrl: string },
  ): Promise<Service> {
    const port = await freePort();
    const config = join(workspace.directory, `${name}.yaml`);
    const clockFile = join(workspace.directory, `${name}.clock`);
    writeFileSync(config, serviceConfig(given));
    writeFileSync(clockFile, '0');
    const environment = [`HTTP_PORT=${port}`, `WALL_CLOCK_OFFSET=${clockFile}`, 'UV_THREADPOOL_SIZE=64'];
    const command = ['--import', wallClock, resolve(given.dist, 'cli.js'), 'serve', '--config', config];
    const launch = { command: 'env', args: [...environment, process.execPath, ...command] };
    return new Service(new Member(name, workspace, () => launch), `http://127.0.0.1:${port}`, clockFile);
  }

  /** Resolves when it answers; it may still wait for Kafka or Redis then. */
  async answers(): Promise<void> {
    await waitFor(`${this.member.life} to answer`, async () => (await fetch(`${this.url}/livez`)).ok, {
      within: READY_MS,
      every: 50,
    });
  }

  /** Resolves when it says that nothing is missing. */
  async ready(): Promise<void> {
    await waitFor(`${this.member.life} to be ready`, async () => (await fetch(`${this.url}/readyz`)).ok, {
      within: READY_MS,
      every: 100,
    });
  }

  /** Sets its wall clock so far from the right time. */
  setClock(offsetMs: number): void {
    writeFileSync(this.#clockFile, String(offsetMs));
    this.member.signal('SIGUSR2');
  }
}

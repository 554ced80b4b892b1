import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { HistoryFollower } from '../../../dev/demo/history.ts';
import type { Workspace } from '../../../dev/stack/workspace.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { ConsumerSettings } from '../application/settings.ts';
import type { ConsumerLine } from '../history.ts';
import { Member } from './member.ts';

const program = fileURLToPath(import.meta.resolve('../application/main.ts'));
const ASSIGNED_MS = 45_000;

type Given = Omit<ConsumerSettings, 'name' | 'historyFile' | 'gate'> & { readonly dist: string };

/** One instance of the application, over all its lives. */
export class Consumer {
  readonly member: Member;
  readonly #workspace: Workspace;
  readonly #followers: HistoryFollower<ConsumerLine>[] = [];

  constructor(name: string, workspace: Workspace, { dist, ...settings }: Given) {
    this.#workspace = workspace;
    this.member = new Member(name, workspace, (life) => {
      const historyFile = this.#historyFile(life);
      this.#followers.push(new HistoryFollower(historyFile));
      const gate = pathToFileURL(resolve(dist, 'gate/index.js')).href;
      const argument: ConsumerSettings = { ...settings, name: life, historyFile, gate };
      return {
        command: 'env',
        args: [
          ...['UV_THREADPOOL_SIZE=32', process.execPath, '--import', import.meta.resolve('tsx')],
          ...[program, JSON.stringify(argument)],
        ],
      };
    });
  }

  /** What it has written down since the last call. */
  more(): ConsumerLine[] {
    return this.#followers.flatMap((follower) => follower.more());
  }

  /** Resolves when a group has given it partitions; gives up when that takes long, as while Kafka is away. */
  async assigned(): Promise<void> {
    const has = (): boolean => /"assigned".*"partitions":\[\d/.test(this.#history());
    await waitFor(`${this.member.life} to be assigned`, has, { within: ASSIGNED_MS, every: 100 }).catch(
      () => undefined,
    );
  }

  #history(): string {
    try {
      return readFileSync(this.#historyFile(this.member.life), 'utf8');
    } catch {
      return '';
    }
  }

  #historyFile(life: string): string {
    return join(this.#workspace.directory, `${life}.jsonl`);
  }
}

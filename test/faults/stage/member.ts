import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workspace } from '../../../dev/stack/workspace.ts';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

/** An end that nobody has asked for. */
export interface OwnEnd {
  readonly life: string;
  readonly how: string;
  /** The last line of its log. */
  readonly lastWords: string;
}

const RESTART_MS = 500;
/** What Kubernetes would wait for a process to end before it kills it. */
const GRACE_MS = 30_000;

/**
 * A process that is meant to run: killed, stopped or terminated by the nemesis, and started again when it ends by itself,
 * as a supervisor would. Each life has a name of its own, and a log.
 */
export class Member implements AsyncDisposable {
  readonly name: string;
  readonly ownEnds: OwnEnd[] = [];
  readonly #workspace: Workspace;
  readonly #launch: (life: string) => Launch;
  #lives = 0;
  #child: ChildProcess | undefined;
  #wanted = false;

  constructor(name: string, workspace: Workspace, launch: (life: string) => Launch) {
    this.name = name;
    this.#workspace = workspace;
    this.#launch = launch;
  }

  /** The name of its present life: `consumer-2.5` is the fifth. */
  get life(): string {
    return `${this.name}.${this.#lives}`;
  }

  start(): void {
    this.#wanted = true;
    this.#lives += 1;
    const { life } = this;
    const { command, args } = this.#launch(life);
    const child = this.#workspace.spawn(life, command, args);
    this.#child = child;
    child.once('exit', (code, signal) => {
      if (!this.#wanted || this.#child !== child) return;
      this.#note(life, signal ?? `exit code ${code}`);
      setTimeout(() => {
        if (this.#wanted && this.#child === child) this.start();
      }, RESTART_MS).unref();
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#wanted = false;
    await this.#end('SIGKILL');
  }

  /** SIGTERM. Resolves when it is gone; one that does not go is killed, and that is noted. */
  async terminate(): Promise<void> {
    this.#wanted = false;
    const { life } = this;
    const over = new AbortController();
    const ended = this.#end('SIGTERM').finally(() => {
      over.abort();
    });
    await sleep(GRACE_MS, undefined, over).then(
      () => {
        this.#note(life, `not gone ${GRACE_MS} ms after SIGTERM`);
        this.signal('SIGKILL');
      },
      () => undefined,
    );
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #note(life: string, how: string): void {
    const log = readFileSync(join(this.#workspace.directory, `${life}.log`), 'utf8');
    this.ownEnds.push({ life, how, lastWords: log.trimEnd().split('\n').at(-1) ?? '' });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}

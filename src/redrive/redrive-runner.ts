import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import { Claims } from './claims.ts';
import { Lease } from './lease.ts';
import { RedriveRun, type RunDeps } from './redrive-run.ts';
import type { RedriveStore, StoredRedrive } from './redrive-store.ts';

interface Deps {
  readonly store: RedriveStore;
  readonly run: Omit<RunDeps, 'store' | 'lease' | 'claims' | 'clock'>;
  /** One replica at most is meant to: the owner of the route's first shard. The lease makes sure of it. */
  readonly mayRun: () => boolean;
  /** Of this process alone. */
  readonly holder: string;
  /** How many are under way. */
  readonly onRunning: (count: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often it looks for redrives. */
const INTERVAL = 1_000;
const RENEWAL = 2_000;
/** After something went wrong. What the producer has given up may still be on its way for a moment. */
const RETRY = 2_000;
/** Redrives of a route side by side: one that is slow does not hold up the others. */
const SIDE_BY_SIDE = 4;

interface Running {
  readonly run: RedriveRun;
  readonly over: Promise<void>;
}

/** Runs the redrives of one route, while this replica owns its first shard and has the lease. */
export class RedriveRunner implements Component {
  readonly #deps: Deps;
  readonly #lease: Lease;
  readonly #claims = new Claims();
  readonly #abort = new AbortController();
  readonly #running = new Map<string, Running>();
  readonly #trouble: Trouble;
  #looping: Promise<unknown> | null = null;
  #wake: AbortController = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#lease = new Lease({ store: deps.store, holder: deps.holder, clock: deps.clock });
    this.#trouble = new Trouble(deps.logger);
  }

  start(): Promise<void> {
    this.#looping = Promise.all([this.#loop(), this.#keepLease()]);
    return Promise.resolve();
  }

  /** What is under way is finished and written down: another replica goes on at once. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.nudge();
    await this.#looping;
  }

  /** Looks now: something was created, or somebody wishes something. */
  nudge(): void {
    this.#wake.abort();
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped()) {
      this.#wake = new AbortController();
      const fine = await this.#look().then(
        () => true,
        (error: unknown) => {
          this.#trouble.met(
            { event: 'redrives_wait', err: error },
            'redrives could not be run; trying again',
          );
          return false;
        },
      );
      if (fine) this.#trouble.over('redrives_go_on', 'redrives are run again');
      const pause = fine ? INTERVAL : RETRY;
      await this.#deps.clock.sleep(pause, this.#wake.signal).catch(() => undefined);
    }
    await this.#giveUp().catch(() => undefined);
  }

  async #look(): Promise<void> {
    const { store, mayRun } = this.#deps;
    if (!mayRun()) {
      await this.#giveUp();
      return;
    }
    const open = await store.open();
    for (const { redrive, wish } of open) this.#running.get(redrive.id)?.run.wish(wish);
    if (!open.some((each) => this.#hasWork(each)) && this.#running.size === 0) {
      await this.#giveUp();
      return;
    }
    if (await this.#lease.hold()) await this.#startOf(await store.open());
  }

  /** Apart from all else, which may take long. What began under a lease that was lost ends by itself. */
  async #keepLease(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#isStopped()) {
      await clock.sleep(RENEWAL, this.#abort.signal).catch(() => undefined);
      // Where Redis does not answer, the lease runs out.
      if (this.#lease.epoch !== null) await this.#lease.hold().catch(() => undefined);
    }
  }

  #hasWork({ wish, progress }: StoredRedrive): boolean {
    return wish !== 'pause' || progress.ends !== null;
  }

  async #startOf(open: readonly StoredRedrive[]): Promise<void> {
    const idle = open.filter(({ redrive }) => !this.#running.has(redrive.id));
    for (const stored of idle) {
      // Of all of them, before any goes on: what one has published and not settled, another would take for open.
      if (stored.progress.ends !== null) await this.#recover(stored);
    }
    for (const { redrive } of idle) {
      if (this.#running.size >= SIDE_BY_SIDE) return;
      const stored = await this.#deps.store.get(redrive.id);
      if (stored !== null && stored.progress.end === null && stored.wish !== 'pause')
        await this.#begin(stored);
    }
  }

  async #recover(stored: StoredRedrive): Promise<void> {
    const run = await this.#runOf(stored);
    await run.recover();
    this.#deps.logger.info(
      { event: 'redrive_recovered', redrive: run.id },
      'what an interrupted redrive had published was looked for in the retry topic',
    );
  }

  async #begin(stored: StoredRedrive): Promise<void> {
    const { logger, onRunning } = this.#deps;
    const run = await this.#runOf(stored);
    logger.info({ event: 'redrive_runs', redrive: run.id }, 'a redrive is run');
    const over = run
      .run()
      .then(
        (outcome) => {
          logger.info({ event: 'redrive_left', redrive: run.id, outcome }, 'a redrive ended, or rests');
        },
        async (error: unknown) => {
          logger.warn(
            { event: 'redrive_failed', redrive: run.id, err: error },
            'a redrive was interrupted; it goes on from what was written down',
          );
          await this.#tell(run.id, error);
          await this.#deps.clock.sleep(RETRY, this.#abort.signal).catch(() => undefined);
        },
      )
      .finally(() => {
        this.#running.delete(run.id);
        onRunning(this.#running.size);
        this.nudge();
      });
    this.#running.set(run.id, { run, over });
    onRunning(this.#running.size);
  }

  /** Whoever looks at the redrive sees why it does not go on. */
  async #tell(id: string, error: unknown): Promise<void> {
    const { store } = this.#deps;
    try {
      const stored = await store.get(id);
      const epoch = this.#lease.epoch;
      if (stored === null || epoch === null || stored.progress.end !== null) return;
      await store.note(epoch, id, { ...stored.progress, waitingFor: (error as Error).message });
    } catch {
      // It goes on later, or somebody else has it: they will tell.
    }
  }

  async #runOf(stored: StoredRedrive): Promise<RedriveRun> {
    const { store, run, clock } = this.#deps;
    const work = await store.work(stored.redrive.id);
    return new RedriveRun({ ...run, store, lease: this.#lease, claims: this.#claims, clock }, stored, work);
  }

  /** Ends what is under way, and lets another replica have the lease. */
  async #giveUp(): Promise<void> {
    for (const { run } of this.#running.values()) run.stop();
    await Promise.all([...this.#running.values()].map(({ over }) => over));
    await this.#lease.giveBack();
  }

  #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }
}

import type { RouteConfig } from '../../src/config/config.ts';
import { OwnerBox } from '../../src/penalty-box/owner-box.ts';
import { shardKeys } from '../../src/redis/shard-keys.ts';
import { Api, type Answer, TestDesk } from './api.ts';
import { FakeClock } from './fake-clock.ts';
import { arrival, BEGIN, type BoxShard, is } from './penalty-box.ts';
import type { Arrival } from '../../src/penalty-box/entry.ts';

/** A clock that says when something begins to sleep. */
class WatchedClock extends FakeClock {
  readonly #waiting: (() => void)[] = [];

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const sleep = super.sleep(ms, signal);
    for (const tell of this.#waiting.splice(0)) tell();
    return sleep;
  }

  /** Resolves at the beginning of the next sleep. */
  asleep(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }
}

/** The HTTP API over real boxes: partition 3 is the shard given, the other three are ready and empty. */
export class BoxApi extends Api {
  readonly shard: BoxShard;
  readonly desk: TestDesk;
  override readonly clock: WatchedClock;
  readonly #owners = new Map<number, { owner: OwnerBox; end: number }>();
  claimEpoch = '';
  incarnation = '';
  seen = 0;

  private constructor(shard: BoxShard, desk: TestDesk, clock: WatchedClock) {
    super([desk], clock);
    this.shard = shard;
    this.desk = desk;
    this.clock = clock;
  }

  static async open(shard: BoxShard, config: Partial<RouteConfig> = {}): Promise<BoxApi> {
    const desk = new TestDesk({ ...config, name: shard.route }, shard);
    const api = new BoxApi(shard, desk, new WatchedClock(BEGIN));
    desk.end = () => Promise.resolve(shard.end);
    for (const partition of [0, 1, 2]) {
      const owner = new OwnerBox(shard.scripts, partition);
      await owner.takeOver();
      is(await owner.reset(0));
      is(await owner.stamp('first'));
      api.#owners.set(partition, { owner, end: 0 });
    }
    return api;
  }

  path(rest = ''): string {
    return `/v1/routes/${this.shard.route}${rest}`;
  }

  /** Retry records of another tool, read by the owner of another partition than 3. */
  async readIn(partition: number, ...records: readonly Partial<Arrival>[]): Promise<void> {
    const shard = this.#owners.get(partition);
    if (shard === undefined) throw new Error(`partition ${String(partition)} is the shard's own`);
    const arrivals = records.map((record, i) => arrival({ retryOffset: shard.end + i, ...record }));
    is(await shard.owner.ingest(shard.end, shard.end + records.length, true, arrivals));
    shard.end += records.length;
  }

  async claim(more: object = {}): Promise<Answer> {
    const answer = await this.post(this.path('/partitions/3/claims'), { consumerId: 'consumer', ...more });
    if (answer.status === 201) {
      const { claimEpoch, incarnation, seen } = answer.body;
      this.claimEpoch = claimEpoch as string;
      this.incarnation = incarnation as string;
      this.seen = seen as number;
    }
    return answer;
  }

  admissions(...records: readonly object[]): Promise<Answer> {
    const { claimEpoch, incarnation } = this;
    return this.post(this.path('/partitions/3/admissions'), { claimEpoch, incarnation, records });
  }

  outcomes(...outcomes: readonly object[]): Promise<Answer> {
    const { claimEpoch, incarnation } = this;
    return this.post(this.path('/partitions/3/outcomes'), { claimEpoch, incarnation, outcomes });
  }

  renewal(...claims: readonly object[]): Promise<Answer> {
    const { claimEpoch, incarnation, seen } = this;
    const all = claims.map((claim) => ({ partition: 3, claimEpoch, incarnation, seen, ...claim }));
    return this.post(this.path('/renewals'), { consumerId: 'consumer', claims: all });
  }

  act(body: object): Promise<Answer> {
    return this.post(this.path('/locks/actions'), { reason: 'a test', ...body });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    for (const partition of this.#owners.keys()) {
      const [prefix] = this.shard.keys[0]?.split('{') ?? [];
      await this.shard.redis.unlink(shardKeys(prefix ?? '', this.shard.route, partition));
    }
  }
}

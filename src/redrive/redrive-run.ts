import type { Clock } from '../clock.ts';
import type { DeadLetterIndex } from '../dead-letters/dead-letter-index.ts';
import type { DeadLetter, Position } from '../dead-letters/dead-letter.ts';
import type { Origin } from '../domain/record.ts';
import { OrchestratorError } from '../errors.ts';
import type { Range } from '../kafka/offsets.ts';
import type { FoundRecord } from '../kafka/place-reader.ts';
import type { RangeReader } from '../kafka/range-reader.ts';
import type { Send } from '../kafka/send.ts';
import { Candidates, type Round } from './candidates.ts';
import type { Claims } from './claims.ts';
import type { Lease } from './lease.ts';
import { Ledger, type Looked } from './ledger.ts';
import type { Problem } from './progress.ts';
import { byKeyAndOrigin, type Copy, publish } from './publishing.ts';
import { publishedSince } from './read-back.ts';
import type { End, Wish } from './redrive.ts';
import type { RedriveStore, StoredRedrive, Work } from './redrive-store.ts';
import { type Destination, isAtHome, retryCopy } from './retry-copy.ts';
import { fitsOf } from './selection.ts';
import { TokenBucket } from './token-bucket.ts';
import { edited, wholeMessage } from './whole-message.ts';

export interface RunDeps {
  readonly store: Pick<RedriveStore, 'note'>;
  readonly lease: Pick<Lease, 'epoch' | 'maySend'>;
  readonly index: Pick<DeadLetterIndex, 'standings' | 'settle'>;
  readonly readerOf: (topic: string, see: { readonly uncommitted: boolean }) => RangeReader;
  readonly send: Send;
  readonly readOrigin: (origin: Origin) => Promise<FoundRecord>;
  /** First offset still there and end of each partition. */
  readonly ranges: (
    topic: string,
    see: { readonly uncommitted: boolean },
  ) => Promise<ReadonlyMap<number, Range>>;
  /** What tells a topic from one made anew under its name; '' = it is not there, or nobody knows. */
  readonly topicId: (topic: string) => Promise<string>;
  readonly deadLetterTopic: string;
  readonly destination: () => Destination;
  /** Of all redrives of the route. */
  readonly claims: Claims;
  readonly onPublished: (count: number) => void;
  /** On Redis' clock, epoch ms. */
  readonly now: () => number;
  readonly clock: Clock;
}

/** What became of a round, without its messages: they would be held in memory until it is settled. */
interface Outcome {
  readonly round: Looked;
  readonly published: readonly Position[];
  /** Of those that stayed open. */
  readonly problems: readonly Problem[];
  /** It was told to stop in the middle. */
  readonly brokenOff: boolean;
  /** A place in each retry partition, behind all that was published before; null: as it was. */
  readonly ends: readonly number[] | null;
}

/** `rests`: paused, or told to stop; it goes on from what is written down. `gone`: Redis has lost it. */
export type RunOutcome = 'ended' | 'rests' | 'gone';

/** Dead letters in one round, and their bytes. A slow redrive does a second's worth at a time. */
const ROUND_RECORDS = 2_000;
const ROUND_BYTES = 4 * 2 ** 20;
/** Rounds that are settled while others are published. */
const SETTLING = 3;
/** How old the places in the retry topic may be that are written down, ms: who takes over reads from there. */
const PLACES_LAST = 1_000;
/** How long the index may be behind the topic before it counts as trouble. */
const INDEX_PATIENCE = 30_000;
const INDEX_RETRY = 100;

/**
 * One redrive, from what was written down of it to its end. While a round is published, the next one is read and the one
 * before is settled; what was written down never runs ahead of what is settled.
 *
 * Anything that goes wrong ends the run by an error, after everything sent has its end. The next run reads the retry topic
 * from the places that were written down, and so knows what this one has published.
 */
export class RedriveRun {
  readonly #deps: RunDeps;
  readonly #stored: StoredRedrive;
  readonly #work: Work;
  readonly #ledger: Ledger;
  readonly #epoch: string;
  #candidates: Candidates | null = null;
  #wish: Wish;
  #gone = false;
  #stopped = false;
  #brokenOff = false;
  #placesAt = -Infinity;

  constructor(deps: RunDeps, stored: StoredRedrive, work: Work) {
    this.#deps = deps;
    this.#stored = stored;
    this.#work = work;
    this.#wish = stored.wish;
    this.#epoch = deps.lease.epoch ?? '';
    this.#ledger = new Ledger(stored.redrive, work.positions, stored.progress, deps.clock.monotonic());
  }

  get id(): string {
    return this.#stored.redrive.id;
  }

  /** What is under way is finished and written down; nothing new is begun. */
  stop(): void {
    this.#stopped = true;
    this.#candidates?.close();
  }

  /** Somebody wishes something else of it: heard at once, rather than with the next round. */
  wish(wish: Wish): void {
    if (this.#wish !== 'cancel') this.#wish = wish;
    if (this.#wish !== 'run') this.#candidates?.close();
  }

  /**
   * Finds what a runner before has published and not written down, and settles it. To be done for all redrives of a route
   * before any of them goes on.
   */
  async recover(): Promise<void> {
    const { claims, destination, readerOf, ranges } = this.#deps;
    const { ends: places } = this.#stored.progress;
    if (places !== null) {
      const { retryTopic } = destination();
      const ends = await ranges(retryTopic, ALL);
      await using reader = readerOf(retryTopic, ALL);
      const found = await publishedSince(reader, places, ends, this.id);
      const fresh = found.list().filter((position) => !this.#ledger.isDecided(position));
      await this.#settle(fresh);
      this.#ledger.publishedAhead(fresh);
      this.#ledger.publishesFrom(null);
      await this.#note();
    }
    claims.releaseAll(this.id);
  }

  async run(): Promise<RunOutcome> {
    const { deadLetterTopic, readerOf, claims } = this.#deps;
    if (this.#wish === 'cancel') return this.#end({ state: 'cancelled' });
    if (this.#wish === 'pause') return 'rests';
    const ranges = await this.#deps.ranges(deadLetterTopic, COMMITTED);
    const lost = await this.#lost(ranges);
    if (lost !== null) return this.#end({ state: 'failed', error: lost });
    this.#ledger.begin(ranges, this.#deps.now());
    await using reader = readerOf(deadLetterTopic, COMMITTED);
    const all = await this.#publishAll(reader);
    // After an error they are kept until it is known what was published.
    claims.releaseAll(this.id);
    if (this.#gone) return 'gone';
    if (all) return await this.#end({ state: 'done' });
    if (this.#isCancelled()) return await this.#end({ state: 'cancelled' });
    this.#ledger.publishesFrom(null);
    await this.#note();
    return 'rests';
  }

  /** True: nothing is left. */
  async #publishAll(reader: RangeReader): Promise<boolean> {
    const { maxPerSecond } = this.#stored.redrive;
    const candidates = this.#candidatesOf(reader);
    this.#candidates = candidates;
    const records = maxPerSecond === null ? ROUND_RECORDS : Math.min(ROUND_RECORDS, maxPerSecond);
    const bounds = { records, bytes: ROUND_BYTES };
    const bucket = new TokenBucket(maxPerSecond);
    await this.#noteBefore();
    const settling: Promise<void>[] = [];
    const readNext = (): Promise<Round | null> => {
      const next = candidates.next(bounds);
      next.catch(() => undefined); // thrown when it is awaited, after the round before
      return next;
    };
    let reading = readNext();
    try {
      for (;;) {
        const round = await reading;
        if (round === null || !this.#goesOn()) {
          await Promise.all(settling);
          return round === null && !this.#brokenOff;
        }
        reading = readNext();
        const outcome = await this.#publishRound(round, bucket);
        const finished = this.#finish(outcome, settling.at(-1));
        finished.catch(() => undefined); // thrown when it is awaited, some rounds later
        settling.push(finished);
        if (settling.length > SETTLING) await settling.shift();
      }
    } finally {
      candidates.close();
      await Promise.allSettled([reading, ...settling]);
    }
  }

  /** Before anything is published it is written down where it will be found. */
  async #noteBefore(): Promise<void> {
    if (!this.#stored.redrive.dryRun) this.#ledger.publishesFrom(await this.#retryEnds());
    await this.#note();
  }

  /** Resolves when all of it has its end in Kafka. */
  async #publishRound(round: Round, bucket: TokenBucket): Promise<Outcome> {
    const { send, clock, onPublished, lease } = this.#deps;
    const { letters, skipped, cursors } = round;
    const taken = letters.map(({ position }) => position);
    const looked: Looked = { taken, skipped, cursors, problems: round.problems };
    if (this.#stored.redrive.dryRun) {
      return { round: looked, published: [], problems: [], brokenOff: false, ends: null };
    }
    const { copies, problems } = await this.#copiesOf(letters);
    const published = await publish(copies, { send, bucket, goesOn: () => this.#goesOn(), clock });
    onPublished(published.written.length);
    if (published.unknown !== null) throw published.unknown;
    if (published.left > 0 && !lease.maySend(this.#epoch)) throw leaseLost();
    if (published.left > 0) this.#brokenOff = true;
    const { written, tooLarge, left } = published;
    return {
      round: looked,
      published: written.map(({ letter }) => letter.position),
      problems: [...problems, ...tooLarge.map(({ letter }) => ({ ...letter.position, problem: TOO_LARGE }))],
      brokenOff: left > 0,
      ends: await this.#placesNow(),
    };
  }

  /** Settles what was published, and writes it down when all `before` it is. */
  async #finish(
    { round, published, problems, brokenOff, ends }: Outcome,
    before: Promise<void> | undefined,
  ): Promise<void> {
    const { claims } = this.#deps;
    await Promise.all([this.#settle(published), before]);
    if (brokenOff) this.#ledger.publishedAhead(published);
    else this.#ledger.did(round, published.length, problems);
    if (ends !== null) this.#ledger.publishesFrom(ends);
    await this.#note();
    for (const position of round.taken) claims.release(this.id, position);
  }

  async #copiesOf(letters: readonly DeadLetter[]): Promise<{ copies: Copy[]; problems: Problem[] }> {
    const { destination, readOrigin, ranges } = this.#deps;
    const to = destination();
    const copies: Copy[] = [];
    const problems: Problem[] = [];
    const { edit } = this.#work;
    const change = (letter: DeadLetter): DeadLetter => (edit === null ? letter : edited(letter, edit));
    let known: Promise<ReadonlyMap<number, Range>> | null = null;
    const sources = {
      topic: to.topic,
      ranges: () => (known ??= ranges(to.topic, COMMITTED)),
      read: readOrigin,
    };
    for (const letter of [...letters].sort(byKeyAndOrigin)) {
      const whole = await wholeMessage(change(letter), sources);
      if (whole.kind === 'missing') {
        problems.push({ ...letter.position, problem: whole.problem });
        continue;
      }
      const message = change(whole.letter);
      const record = retryCopy(message, letter.position, this.id, to);
      // Only what the dead letter did not hold either, and what was just seen there.
      const valueMayStay = letter.valueAtOrigin && message.value === whole.letter.value;
      copies.push({ letter, record, valueMayStay: valueMayStay && isAtHome(message, record, to) });
    }
    return { copies, problems };
  }

  #candidatesOf(reader: RangeReader): Candidates {
    const { claims, clock } = this.#deps;
    const { redrive } = this.#stored;
    return new Candidates({
      reader,
      cutoff: redrive.cutoff,
      from: this.#ledger.cursors,
      positions: this.#work.positions,
      route: this.#deps.destination().route,
      fits: fitsOf(redrive.selection),
      ahead: this.#ledger.ahead,
      claim: (position) => claims.take(this.id, position),
      disclaim: (position) => {
        claims.release(this.id, position);
      },
      openAmong: (partition, offsets) => this.#openAmong(partition, offsets),
      now: () => clock.monotonic(),
    });
  }

  /** Waits for an index that is behind: what it has not read may be a second copy. */
  async #openAmong(partition: number, offsets: readonly number[]): Promise<ReadonlySet<number>> {
    const { index, clock } = this.#deps;
    const deadline = clock.monotonic() + INDEX_PATIENCE;
    for (;;) {
      const standings = await index.standings(partition, offsets);
      const open = offsets.filter((offset) => standings.get(offset) === 'open');
      const unread = offsets.some((offset) => standings.get(offset) === 'none');
      if (!unread || !this.#goesOn()) return new Set(open);
      if (clock.monotonic() > deadline) {
        throw new OrchestratorError('UNAVAILABLE', 'the index of dead letters is behind the topic');
      }
      await clock.sleep(INDEX_RETRY);
    }
  }

  /** Why the dead letters that were meant can't be there any more. */
  async #lost(ranges: ReadonlyMap<number, Range>): Promise<string | null> {
    const { deadLetterTopic, topicId } = this.#deps;
    const { cutoff, topicId: before } = this.#stored.redrive;
    const now = await topicId(deadLetterTopic);
    const other = before !== '' && now !== '' && before !== now;
    const shorter = cutoff.some((end, partition) => end > (ranges.get(partition)?.end ?? 0));
    return other || shorter
      ? `topic ${deadLetterTopic} was deleted and made anew since; start another redrive`
      : null;
  }

  async #settle(positions: readonly Position[]): Promise<void> {
    const how = this.#stored.redrive.edited ? 'superseded' : 'redriven';
    const byPartition = new Map<number, number[]>();
    for (const { partition, offset } of positions) {
      byPartition.set(partition, [...(byPartition.get(partition) ?? []), offset]);
    }
    await Promise.all(
      [...byPartition].map(([partition, offsets]) =>
        this.#deps.index.settle(partition, offsets, how, this.id),
      ),
    );
  }

  async #end(end: Omit<End, 'at'>): Promise<RunOutcome> {
    this.#ledger.end({ ...end, at: this.#deps.now() });
    await this.#note();
    return this.#gone ? 'gone' : 'ended';
  }

  /** @throws where another runner has the lease. */
  async #note(): Promise<void> {
    const { store, now, clock } = this.#deps;
    const noted = await store.note(this.#epoch, this.id, this.#ledger.progress(now(), clock.monotonic()));
    if (noted.kind === 'fenced') throw leaseLost();
    if (noted.kind === 'gone') this.#gone = true;
    else this.wish(noted.wish);
  }

  /** Nothing is on its way: what is published from here on lies behind these. null: those written down will do for longer. */
  async #placesNow(): Promise<readonly number[] | null> {
    const now = this.#deps.clock.monotonic();
    if (now - this.#placesAt < PLACES_LAST) return null;
    this.#placesAt = now;
    return this.#retryEnds();
  }

  async #retryEnds(): Promise<readonly number[]> {
    const { destination, ranges } = this.#deps;
    const { retryTopic, partitions } = destination();
    const found = await ranges(retryTopic, COMMITTED);
    return Array.from({ length: partitions }, (_, partition) => found.get(partition)?.end ?? 0);
  }

  #goesOn(): boolean {
    return !this.#stopped && !this.#gone && this.#wish === 'run' && this.#deps.lease.maySend(this.#epoch);
  }

  // Not by the field: it changes while a run waits, and the compiler takes it for what it was.
  #isCancelled(): boolean {
    return this.#wish === 'cancel';
  }
}

const COMMITTED = { uncommitted: false };
/** Copies behind somebody's open transaction, too. */
const ALL = { uncommitted: true };
const TOO_LARGE =
  'it is too large for the retry topic; raise its max.message.bytes to that of the main topic and 64 KiB';

function leaseLost(): OrchestratorError {
  return new OrchestratorError('UNAVAILABLE', 'the lease of the redrives is over; another replica may go on');
}

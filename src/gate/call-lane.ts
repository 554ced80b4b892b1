import type { Answer } from './http.ts';

/** How a job ended: with the replies to its items, or with its claim. */
export type Settled<Reply> = readonly Reply[] | 'fenced' | 'closed';

export interface Job<Item, Reply> {
  /** Its place among the jobs of all lanes. */
  sequence: number;
  readonly items: readonly Item[];
  readonly bytes: number;
  /** Set after an answer that may be this job's own fault: it is sent by itself from then on. */
  alone: boolean;
  /** Runs in the same turn in which the answer was read. */
  readonly apply: (replies: readonly Reply[]) => void;
  readonly settle: (how: Settled<Reply>) => void;
}

const MAX_ITEMS = 1000;
/** Keys may be as large as records. A request of this size passes the body limits that services usually have. */
const MAX_BYTES = 512 * 1024;

export interface CallLaneOptions<Item, Reply> {
  name: 'admissions' | 'outcomes';
  /** `true`: a wrong claim refuses the whole request, so redelivered records never travel in it. */
  fresh: boolean;
  post: (items: readonly Item[], signal: AbortSignal) => Promise<Answer<Reply[]>>;
  /** Answers in place of the service. */
  alone: (item: Item) => Reply;
}

/** Jobs of one kind that wait for their turn; those that wait together travel together. */
export class CallLane<Item, Reply> {
  readonly options: CallLaneOptions<Item, Reply>;
  #jobs: Job<Item, Reply>[] = [];

  constructor(options: CallLaneOptions<Item, Reply>) {
    this.options = options;
  }

  add(job: Job<Item, Reply>): void {
    this.#jobs.push(job);
  }

  get oldest(): number | undefined {
    return this.#jobs[0]?.sequence;
  }

  /** Takes as many jobs from the front as fit into one request, at least one. */
  take(): Job<Item, Reply>[] {
    const taken: Job<Item, Reply>[] = [];
    let [items, bytes] = [0, 0];
    for (const job of this.#jobs) {
      items += job.items.length;
      bytes += job.bytes;
      if (taken.length > 0 && (job.alone || items > MAX_ITEMS || bytes > MAX_BYTES)) break;
      taken.push(job);
      if (job.alone) break;
    }
    this.#jobs = this.#jobs.slice(taken.length);
    return taken;
  }

  /** Back to the front, in the old order. */
  putBack(jobs: readonly Job<Item, Reply>[]): void {
    this.#jobs = [...jobs, ...this.#jobs];
  }

  /** Behind those that wait already, so that one request which nobody can answer does not hold up the rest. */
  putLast(jobs: readonly Job<Item, Reply>[], sequence: number): void {
    for (const job of jobs) job.sequence = sequence;
    this.#jobs = [...this.#jobs, ...jobs];
  }

  /** Takes all of them. */
  takeAll(): Job<Item, Reply>[] {
    const jobs = this.#jobs;
    this.#jobs = [];
    return jobs;
  }

  close(): void {
    for (const job of this.takeAll()) job.settle('closed');
  }
}

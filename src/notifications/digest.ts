import type { DeadLetterReason } from '../domain/outgoing-headers.ts';
import type { Origin } from '../domain/record.ts';

/** A message that failed for good. */
export interface GivenUp {
  readonly origin: Origin;
  readonly key: Buffer | null;
  readonly attempt: number;
  readonly reason: DeadLetterReason;
  readonly errorClass: string;
  /** Its key is parked for it. */
  readonly parks: boolean;
  /** Epoch ms. */
  readonly at: number;
}

const EXAMPLES = 5;
/** Classes of errors are other people's words: there may be any number of them. */
const CLASSES = 20;
const OTHERS = '(others)';
const NONE = '(none)';

/** What is told in one notification: counts, and a few examples without their payload. */
export class Digest {
  failed = 0;
  parked = 0;
  readonly reasons = new Map<string, number>();
  readonly errors = new Map<string, number>();
  readonly examples: GivenUp[] = [];
  /** Epoch ms. */
  from = Infinity;
  to = 0;

  add(message: GivenUp): void {
    this.failed++;
    if (message.parks) this.parked++;
    count(this.reasons, message.reason, 1);
    count(this.errors, message.errorClass === '' ? NONE : message.errorClass, 1);
    if (this.examples.length < EXAMPLES) this.examples.push(message);
    this.from = Math.min(this.from, message.at);
    this.to = Math.max(this.to, message.at);
  }

  /** Takes over what a later one holds. */
  append(later: Digest): void {
    this.failed += later.failed;
    this.parked += later.parked;
    for (const [reason, times] of later.reasons) count(this.reasons, reason, times);
    for (const [error, times] of later.errors) count(this.errors, error, times);
    this.examples.push(...later.examples.slice(0, EXAMPLES - this.examples.length));
    this.from = Math.min(this.from, later.from);
    this.to = Math.max(this.to, later.to);
  }
}

function count(counts: Map<string, number>, name: string, times: number): void {
  const counted = counts.has(name) || counts.size < CLASSES ? name : OTHERS;
  counts.set(counted, (counts.get(counted) ?? 0) + times);
}

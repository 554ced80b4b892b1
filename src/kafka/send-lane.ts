import type { RecordSource, SendResult } from './send.ts';

/** One record on its way, and who is told of its end. */
export interface Sending {
  readonly record: RecordSource;
  readonly settle: (result: SendResult) => void;
  /** Nothing else was on its way with it. */
  readonly alone: boolean;
}

/**
 * The sends to one place. Kafka refuses a batch as a whole where one record of it, or all of them together, is too large, or
 * one is invalid, and does not say which. What was refused together is sent again one by one, before anything that came
 * later: only a record that is refused alone is refused for its own sake.
 *
 * What was behind a refused batch may be written by then. The gate's turn check turns that away, and it comes again.
 */
export class SendLane {
  readonly #produce: (sending: Sending) => void;
  #onTheirWay = 0;
  #refused: Sending[] = [];
  #waiting: Sending[] = [];
  #oneByOne = false;

  constructor(produce: (sending: Sending) => void) {
    this.#produce = produce;
  }

  send(sending: Sending): void {
    if (this.#oneByOne) this.#waiting.push(sending);
    else this.#begin(sending);
  }

  /** Kafka answered for what was produced. True: this is its end, and its sender may be told. */
  answered(sending: Sending, result: SendResult): boolean {
    this.#onTheirWay--;
    const again = ofItsBatch(result) && !sending.alone;
    if (again) {
      this.#refused.push(sending);
      this.#oneByOne = true;
    }
    if (this.#oneByOne && this.#onTheirWay === 0) this.#next();
    return !again;
  }

  /** All that was not given to the client, when it is closed. */
  abandon(): Sending[] {
    return [...this.#refused.splice(0), ...this.#waiting.splice(0)];
  }

  #next(): void {
    const sending = this.#refused.shift();
    if (sending !== undefined) {
      this.#begin({ ...sending, alone: true });
      return;
    }
    this.#oneByOne = false;
    for (const waiting of this.#waiting.splice(0)) this.#begin(waiting);
  }

  #begin(sending: Sending): void {
    this.#onTheirWay++;
    this.#produce(sending);
  }
}

function ofItsBatch(result: SendResult): boolean {
  return result.kind === 'too-large' || (result.kind === 'refused' && result.withOthers);
}

import type { AdmissionItem, GivenHeaders, OutcomeItem } from './contract.ts';
import type { DescribedError } from './describe-error.ts';
import type { GateError } from './errors.ts';
import { readDelivery, traceParentOf, type Delivery } from './headers.ts';
import { toWireKey } from './keys.ts';
import type { Finish, GateRecord, Handler, HandlerContext } from './record.ts';
import type { Slots } from './slots.ts';

/** Who handles a record, and how many at once. */
export interface HandlerPool {
  handler: Handler;
  slots: Slots;
}

/**
 * Where a record stands:
 *
 *     ask ──process──▶ handle ──failed, or redelivered──▶ report ──redirect──▶ publish ──▶ finished
 *      │                  └──fresh and succeeded──▶ finished   └──▶ finished
 *      ├──redirect──▶ publish
 *      └──skip──▶ skip ──▶ finished
 *
 * Back to `ask`: `handle`, `skip` and `publish` when their claim ended or an earlier record of the key failed, `report`
 * on `block` or `FENCED`. `report` stays `report` on `wait`: the same outcome is sent again, the handler does not run again.
 */
export type Step =
  | { at: 'ask' }
  /** `claim`: the number of the claim under which the verdict was given; `undefined`: none was needed. */
  | { at: 'handle'; claim: number | undefined }
  | { at: 'skip'; claim: number }
  | { at: 'publish'; claim: number; headers: GivenHeaders }
  | { at: 'report'; error: DescribedError | undefined };

export type Done = (finish: Finish | GateError) => void;

/** One record on its way through the gate. */
export class Task {
  readonly record: GateRecord;
  readonly pool: HandlerPool;
  readonly done: Done;
  readonly delivery: Delivery | undefined;
  step: Step = { at: 'ask' };
  /** It was held: it is asked about, whatever the list of keys says. */
  asksAgain = false;
  /** False once it was held for as long as it may be. */
  mayHold = true;

  constructor(record: GateRecord, pool: HandlerPool, done: Done) {
    this.record = record;
    this.pool = pool;
    this.done = done;
    this.delivery = readDelivery(record.headers);
  }

  /** The offset that names the message: its own, or for a redelivered one its origin's. */
  get originOffset(): number {
    return this.delivery?.originOffset ?? this.record.offset;
  }

  get context(): HandlerContext {
    const { record, delivery } = this;
    return {
      attempt: delivery?.attempt ?? 1,
      redelivered: delivery !== undefined,
      origin: {
        topic: delivery?.originTopic ?? record.topic,
        partition: delivery?.originPartition ?? record.partition,
        offset: this.originOffset,
      },
    };
  }

  admission(mayHold: boolean): AdmissionItem {
    return this.delivery === undefined && !mayHold ? { ...this.#named, hold: false } : this.#named;
  }

  outcome(error: DescribedError | undefined): OutcomeItem {
    const traceparent = traceParentOf(this.record.headers);
    const named = { ...this.#named, ...(traceparent === undefined ? {} : { traceparent }) };
    return error === undefined ? { ...named, result: 'succeeded' } : { ...named, result: 'failed', error };
  }

  get #named(): AdmissionItem {
    const { delivery } = this;
    return {
      ...toWireKey(this.record.key),
      offset: this.originOffset,
      ...(delivery === undefined ? {} : { delivery: delivery.token }),
    };
  }

  /** What the record adds to a request, roughly. */
  get requestBytes(): number {
    const { key } = this.record;
    return 256 + 2 * (key?.length ?? 0);
  }
}

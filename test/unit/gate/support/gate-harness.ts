import type { GateEvent } from '../../../../src/gate/events.ts';
import { Gate } from '../../../../src/gate/gate.ts';
import type { HoldLimits } from '../../../../src/gate/holding.ts';
import type { GateOptions } from '../../../../src/gate/options.ts';
import type { GateRecord, Handler } from '../../../../src/gate/record.ts';
import type { RetryRecord } from '../../../../src/gate/retry-record.ts';
import { ManualGateClock } from './gate-clock.ts';
import { ScriptedService } from './scripted-service.ts';

export const record = (
  offset: number,
  key: string | Buffer | null = 'k',
  more: Partial<GateRecord> = {},
): GateRecord => ({
  topic: 'orders',
  partition: 0,
  offset,
  key: typeof key === 'string' ? Buffer.from(key) : key,
  value: Buffer.from(`v${offset}`),
  timestamp: 1_700_000_000_000 + offset,
  ...more,
});

/** A record as the service redelivers it. */
export const redelivered = (
  offset: number,
  origin: number,
  key: string | null = 'k',
  token = `t${origin}`,
): GateRecord =>
  record(offset, key, {
    headers: [
      { 'x-retry-route': Buffer.from('orders') },
      { 'x-retry-origin-topic': Buffer.from('orders') },
      { 'x-retry-origin-partition': Buffer.from('0') },
      { 'x-retry-origin-offset': Buffer.from(String(origin)) },
      { 'x-retry-attempt': Buffer.from('3') },
      { 'x-retry-delivery': Buffer.from(token) },
    ],
  });

/** A gate over a scripted service, a clock that stands still, and a retry topic in memory. */
export class GateHarness {
  readonly clock = new ManualGateClock();
  readonly service = new ScriptedService();
  readonly events: GateEvent[] = [];
  readonly published: RetryRecord[][] = [];
  /** What happened, in order. */
  readonly log: string[] = [];
  readonly options: GateOptions;
  publishing: (records: readonly RetryRecord[]) => Promise<unknown> = () => Promise.resolve();

  constructor(more: Partial<GateOptions> = {}) {
    this.options = {
      service: 'http://retry.test:8080/',
      route: 'orders',
      topic: 'orders',
      consumerId: 'consumer-1',
      clock: this.clock,
      random: () => 0,
      fetch: this.service.fetch,
      onEvent: (event) => this.events.push(event),
      publish: async (records) => {
        await this.publishing(records);
        this.published.push([...records]);
        this.log.push(`published ${records.map((one) => String(one.key?.toString())).join(' ')}`);
      },
      ...more,
    };
  }

  async gate(partitions: number[] = [0], holds?: HoldLimits): Promise<Gate> {
    const gate = new Gate(this.options);
    if (holds !== undefined) gate.holdUpTo(holds);
    gate.assigned(partitions);
    await this.clock.advance(0);
    return gate;
  }

  /** Hands a record to the gate and notes what becomes of it. */
  handle(gate: Gate, one: GateRecord, handler: Handler = () => undefined): Promise<string> {
    return gate
      .handle(one, (given, context) => {
        this.log.push(`handler ${given.offset} attempt ${context.attempt}`);
        return handler(given, context);
      })
      .then(
        (finish) => {
          this.log.push(`finished ${one.offset} ${finish}`);
          return finish;
        },
        (error: unknown) => (error as { code: string }).code,
      );
  }
}

export const failing: Handler = () => {
  throw new TypeError('no stock');
};

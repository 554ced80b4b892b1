// What a fault run leaves behind: JSON lines, one file a process, written before the process goes on. The checker judges by
// these alone. Times are epoch ms of this machine's wall clock, which no fault touches (the clock jumps are injected into
// the service). `partition` and `offset` are those of the message's origin, its place in the main topic.

/** How a route is consumed: with the gate, by publishing failures only, or without order. */
export type Mode = 'gated' | 'ungated' | 'unordered';

interface Message {
  readonly route: string;
  readonly partition: number;
  readonly offset: number;
}

/** Written by the producer once Kafka has acknowledged the message. `seq` counts from 1 within its key. */
export interface Sent extends Message {
  readonly type: 'sent';
  readonly at: number;
  readonly key: string;
  readonly seq: number;
}

/** Written by a consumer process. `consumer` names one life of the process: it changes with every start. */
export type ConsumerLine = { readonly at: number; readonly consumer: string } & (
  | ({
      readonly type: 'begun';
      /** Unique within `consumer`; `ended` refers to it. */
      readonly call: number;
      readonly key: string;
      readonly seq: number;
      /** The attempt that is being made, as the consumer was told: 1 is the first. */
      readonly attempt: number;
      readonly redelivered: boolean;
    } & Message)
  | { readonly type: 'ended'; readonly call: number; readonly result: 'succeeded' | 'failed' }
  /** The service has answered that it knows of the success. */
  | ({ readonly type: 'recorded' } & Message)
  | { readonly type: 'assigned' | 'revoked'; readonly route: string; readonly partitions: readonly number[] }
);

/** Read from the dead-letter topic after the run; `at` is the record's timestamp. */
export interface DeadLetter extends Message {
  readonly type: 'dead-letter';
  readonly at: number;
  readonly reason: string;
  readonly attempt: number;
}

/** Read from the retry topic: a dead letter that comes again. `at` is the record's timestamp. */
export interface Redriven extends Message {
  readonly type: 'redriven';
  readonly at: number;
  readonly key: string;
  readonly seq: number;
  /** Of this dead letter in this job. */
  readonly id: string;
}

/** What was done to the processes and their connections, and when it was over. */
export interface Fault {
  readonly type: 'fault';
  readonly kind: FaultKind;
  /** A process or a connection: `service-1`, `consumer-2`, `kafka-3`, `redis`, `all`. */
  readonly target: string;
  readonly at: number;
  /** When what was taken away was there again; equal to `at` for what happens in a moment. */
  readonly until: number;
}

export const faultKinds = [
  'service-killed',
  'service-stopped', // SIGSTOP, longer than the session timeout
  'service-terminated', // SIGTERM, then started again
  'consumer-killed',
  'consumer-stopped',
  'consumer-terminated',
  'redis-flushed',
  'redis-killed', // restarted empty
  'redis-restarted', // restarted with its append-only file, of which the end is lost
  'broker-killed',
  'redis-cut', // connections reset and refused
  'redis-silent', // a black hole: connections stay, nothing passes
  'redis-slow',
  'kafka-cut',
  'kafka-silent',
  'kafka-slow',
  'clock-jumped', // the service's wall clock
  'all-gone', // every replica and Redis, which may have lost its data when it comes back
  'rolling-restart', // of everything, one after the other
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What is left in the service once nothing is to be done any more; taken at the end. */
export interface Remains {
  readonly type: 'remains';
  readonly at: number;
  readonly route: string;
  readonly lockedKeys: number;
  readonly heldMessages: number;
  readonly inFlight: number;
}

export type HistoryLine = Sent | ConsumerLine | DeadLetter | Redriven | Fault | Remains;

/** What the checker knows of a route besides the history: its configuration, as the run wrote it. */
export interface RoutePolicy {
  readonly route: string;
  readonly mode: Mode;
  readonly backoff: { readonly initialMs: number; readonly multiplier: number; readonly maxMs: number };
  readonly maxAttempts: number;
  readonly journalIntervalMs: number;
}

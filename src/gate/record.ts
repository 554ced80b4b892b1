/** Headers as the client's RdKafka API has them: one object a header, in order, names may repeat. */
export type HeaderList = readonly Readonly<Record<string, Buffer | string>>[];

/** Headers as the KafkaJS API has them: one property a name, an array where the name repeats. */
export type HeaderMap = Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>>;

export type RecordHeaders = HeaderList | HeaderMap;

/** A record of the main topic. A message of the RdKafka API is one as it is. */
export interface GateRecord {
  topic: string;
  partition: number;
  offset: number;
  key?: Buffer | string | null | undefined;
  value: Buffer | null;
  headers?: RecordHeaders | undefined;
  /** Epoch ms; the KafkaJS API gives it as a string. */
  timestamp?: number | string | undefined;
}

/** Where a message was first read: its identity, however often it is retried. */
export interface Origin {
  topic: string;
  partition: number;
  offset: number;
}

/** What a handler is told beside the record. */
export interface HandlerContext {
  /** Which attempt this is: 1 for the first. */
  attempt: number;
  redelivered: boolean;
  origin: Origin;
}

/** Handles one record; throwing (or rejecting) means that it failed. */
export type Handler = (record: GateRecord, context: HandlerContext) => unknown;

/**
 * How a record was finished; each may be committed.
 *
 * - `handled`: the handler succeeded (and, if the record was redelivered, the service knows).
 * - `recorded`, `dead-lettered`: a redelivered record failed again, and the service took note.
 * - `redirected`: it failed, or stands behind one that did, and the retry topic has acknowledged it.
 * - `skipped`: it is safe elsewhere, or was decided before. `stale`: so was the failure that was reported.
 * - `unreported`: the handler of a redelivered record has run, and the service could not be told yet; the gate keeps that.
 * - `passed-over`: a redelivery that belongs to another route.
 */
export type Finish =
  | 'handled'
  | 'recorded'
  | 'dead-lettered'
  | 'redirected'
  | 'skipped'
  | 'stale'
  | 'unreported'
  | 'passed-over';

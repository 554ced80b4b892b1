/** The values a label may have; null: as many as there are scripts, partitions, paths, …, known only when they run. */
type LabelValues = readonly string[] | null;

/** What one of it is. Durations are in seconds and sizes in bytes, as Prometheus wants them. */
export type Unit =
  | 'seconds'
  | 'bytes'
  | 'messages'
  | 'messages per second'
  | 'keys'
  | 'shards'
  | 'partitions'
  | 'attempts'
  | 'events'
  | 'jobs'
  | 'connections'
  | 'ratio'
  | 'state'
  | 'info';

/** One metric. Names come after `retry_orchestrator_`. No label ever holds a key, so that their number is bounded. */
export interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly unit: Unit;
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly buckets?: readonly number[];
}

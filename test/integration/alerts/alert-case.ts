/** One test of one alert. Time is in minutes, with a sample of each series at each of them. */
export interface AlertCase {
  readonly alert: string;
  readonly when: string;
  /**
   * Samples in the notation of promtool: `0+5x10`, `1 _ 1x20`, `stale`. Names are without the prefix of the service; those of
   * the process are as they are.
   */
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** What is told, each with the labels it is told of; none: the alert is silent. */
  readonly fires: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: string }[];
}

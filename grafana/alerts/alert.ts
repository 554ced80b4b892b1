/** Wakes somebody up, or waits until morning. */
export type Severity = 'page' | 'ticket';

/** One alert. Its page is docs/runbook/<name>.md. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  /** PromQL. Its result has the labels of the installation, and `route` where it is about one. */
  readonly expr: string;
  /** For how long it must be true, in seconds. */
  readonly holds: number;
  /** What it means, in one sentence; a template of Prometheus. */
  readonly summary: string;
  /** What was measured, with its unit; a template of Prometheus. */
  readonly value: string;
}

/** Alerts about one subject: a group of a rule file. */
export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

export const MINUTE = 60;
export const HOUR = 60 * MINUTE;

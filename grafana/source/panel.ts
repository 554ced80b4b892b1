/** Units by Grafana's names, as far as they are used. */
export type Unit = 'short' | 's' | 'bytes' | 'percentunit' | 'ops' | 'reqps' | 'string' | 'none';

/** What is asked of Prometheus. `$namespace`, `$route` and `$__rate_interval` are filled in by Grafana. */
export interface Query {
  readonly expr: string;
  /** Name of the line, with labels as `{{label}}`. */
  readonly legend: string;
}

export interface Threshold {
  /** From this value on. */
  readonly from: number;
  readonly color: 'orange' | 'red';
}

/** What a value means, where a number says too little. */
export type Meanings = Readonly<
  Record<string, { readonly text: string; readonly color: 'green' | 'orange' | 'red' }>
>;

interface Described {
  readonly title: string;
  /** What it means, and when to worry. */
  readonly description: string;
  /** A page of docs/runbook/, without its ending. */
  readonly runbook?: string;
  /** Of 24. */
  readonly width: number;
}

interface Measured extends Described {
  readonly unit: Unit;
  readonly queries: readonly Query[];
}

/** One large number, with its course behind it. */
export interface Figure extends Measured {
  readonly kind: 'figure';
  readonly thresholds?: readonly Threshold[];
  readonly meanings?: Meanings;
  /** What is shown while there is nothing to tell. */
  readonly idle?: string;
}

/** Curves over time. */
export interface Curves extends Measured {
  readonly kind: 'curves';
  readonly stacked?: boolean;
}

/** A band for each series that shows when it was in which state. */
export interface States extends Measured {
  readonly kind: 'states';
  readonly meanings: Meanings;
}

/** How values spread over the buckets of a histogram, over time. */
export interface Heat extends Measured {
  readonly kind: 'heat';
}

export interface Column {
  readonly title: string;
  readonly expr: string;
  readonly unit: Unit;
  readonly meanings?: Meanings;
}

/** The present values, a row for each value of the label. */
export interface Table extends Described {
  readonly kind: 'table';
  /** Labels that name a row; every column's expression leaves just these. */
  readonly by: readonly { readonly label: string; readonly title: string }[];
  readonly columns: readonly Column[];
}

/** Words (Markdown). */
export interface Words extends Described {
  readonly kind: 'words';
  readonly text: string;
}

export type Panel = Figure | Curves | States | Heat | Table | Words;

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  /** Stays the same for ever: links point to it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Whether several routes can be looked at together. */
  readonly routes: 'one' | 'many';
  readonly rows: readonly Row[];
}

/** Everything that a panel asks; of a table, a query for each column. */
export function queriesOf(panel: Panel): readonly Query[] {
  if (panel.kind === 'words') return [];
  if (panel.kind !== 'table') return panel.queries;
  return panel.columns.map(({ title, expr }) => ({ expr, legend: title }));
}

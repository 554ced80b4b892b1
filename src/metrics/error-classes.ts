/** Distinct ones of a route. An application has few; one that makes them up, with an id in each, is not to fill Prometheus. */
const LIMIT = 20;
const LONGEST = 80;
const OTHER = 'other';

/** Which classes of errors get a label of their own: the first that are seen, while the process runs. */
export class ErrorClasses {
  readonly #seen = new Set<string>();

  /** The label of the class; `none`: the error has none. */
  labelOf(errorClass: string): string {
    const label = errorClass === '' ? 'none' : errorClass;
    if (this.#seen.has(label)) return label;
    if (this.#seen.size >= LIMIT || label.length > LONGEST) return OTHER;
    this.#seen.add(label);
    return label;
  }
}

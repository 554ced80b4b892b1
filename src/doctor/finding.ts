/** `error`: a promise is broken, or will be. `warning`: it may be, when something else goes wrong. `note`: good to know. */
export type Severity = 'error' | 'warning' | 'note';

/** Something that was found, in words for whoever runs the service. */
export interface Finding {
  readonly severity: Severity;
  /** A stable name, for programs. */
  readonly code: string;
  /** What it is about: `topic orders`, `Redis`. */
  readonly subject: string;
  readonly what: string;
  /** What it will cost. Empty where `what` says it. */
  readonly cost: string;
  /** The exact command or setting. Empty where there is nothing to mend. */
  readonly remedy: string;
}

/** What can't be read is said, and nothing is guessed. */
export function unreadable(subject: string, what: string, why: string, remedy = ''): Finding {
  return {
    severity: 'warning',
    code: 'unreadable',
    subject,
    what: `${what} could not be read: ${why}`,
    cost: 'what they may have wrong is not known',
    remedy,
  };
}

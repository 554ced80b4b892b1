/** What was decided without the service. */
export interface AloneCounts {
  /** Fresh records that failed, and those that follow one: published to the retry topic. */
  failed: number;
  behind: number;
  /** Redelivered records that the service delivers again. */
  passedOver: number;
  /** Outcomes of redelivered records that are told to it later. */
  unreported: number;
}

/** Why held records are asked about again. */
export type LetGo = 'unlocked' | 'failed' | 'claim-ended' | 'too-long' | 'too-many';

/** What the gate tells its surroundings. No event ever carries a key, a value, a header or an error's message. */
export type GateEvent =
  | { type: 'claimed'; partition: number; listedKeys: number; complete: boolean }
  | { type: 'claim-ended'; partition: number; reason: 'wait' | 'fenced' | 'claim-again' }
  | { type: 'claim-refused'; partition: number; code: string; retryInMs: number }
  /** The group could not be shown to count this consumer as the partition's owner; nothing of it is handled until then. */
  | { type: 'ownership-unproven'; partition: number; retryInMs: number }
  /** Nobody has answered for `patienceMs`: the partition goes on by what the gate knows. `complete: false`: every record waits. */
  | { type: 'going-alone'; partition: number; listedKeys: number; complete: boolean }
  | ({ type: 'with-service-again'; partition: number; forMs: number } & AloneCounts)
  | { type: 'no-answer'; partition: number; call: string; reason: string; retryInMs: number }
  | { type: 'refused'; partition: number; call: string; code: string; retryInMs: number }
  | { type: 'renewal-failed'; reason: string }
  | { type: 'failed'; partition: number; offset: number; attempt: number; errorClass: string }
  | { type: 'finished'; partition: number; offset: number; finish: string }
  /** Records wait in memory for the last retries of their key, instead of going to the retry topic. */
  | { type: 'held'; partition: number; records: number }
  | { type: 'held-no-longer'; partition: number; records: number; reason: LetGo }
  | { type: 'blocked'; partition: number; retryAfterMs: number }
  | { type: 'publish-failed'; partition: number; offset: number; code: string; retryInMs: number }
  | { type: 'published-without-value'; partition: number; offset: number }
  | { type: 'poll-too-old'; ageMs: number }
  | { type: 'assigned' | 'revoked'; partitions: number[] }
  | { type: 'commit-failed'; partitions: number[]; code: string }
  | { type: 'consumer-error'; code: string };

/** Called synchronously. What it throws is swallowed: a broken logger must not stop a partition. */
export type OnEvent = (event: GateEvent) => void;

export function safely(onEvent: OnEvent | undefined): OnEvent {
  if (onEvent === undefined) return () => undefined;
  return (event) => {
    try {
      onEvent(event);
    } catch {
      // Nothing to tell, and nobody to tell it to.
    }
  };
}

/** A short name for an error in an event: its code, else its class. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const { code, name } = error as Record<string, unknown>;
  if (typeof code === 'string' || typeof code === 'number') return String(code);
  return typeof name === 'string' ? name : 'Error';
}

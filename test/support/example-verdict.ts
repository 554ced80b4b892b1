import { fails, type HandlerCall, type SentEvent } from './handler-calls.ts';

/** All that is known after a run of an example. */
export interface ExampleRun {
  readonly sent: readonly SentEvent[];
  /** Of all instances, in the order in which they ended: see OrdersInstance. */
  readonly calls: readonly HandlerCall[];
  /** How the instances ended that were asked to. */
  readonly ends: readonly string[];
}

/** One line for each promise that was broken; none: all were kept. */
export function brokenPromises(run: ExampleRun, promised: 'gate' | 'without gate'): string[] {
  return [
    ...strangers(run),
    ...(promised === 'gate' ? overtakings(run) : []),
    ...lost(run),
    ...wrongResults(run),
    ...wrongAttempts(run),
    ...run.ends.filter((end) => end !== 'exit 0').map((end) => `an instance ended with ${end}`),
  ];
}

/**
 * Calls that ended while an earlier event of the same order had not succeeded in any process. What is not seen: a call that
 * began too early, and ended in time.
 */
export function overtakings({ sent, calls }: Pick<ExampleRun, 'sent' | 'calls'>): string[] {
  const earlier = new Map(
    sent.map((event) => [
      nameOf(event),
      sent.filter(({ order, seq }) => order === event.order && seq < event.seq).map(nameOf),
    ]),
  );
  const succeeded = new Set<string>();
  return calls.flatMap((call, index) => {
    if (call.result === 'succeeded') succeeded.add(nameOf(call));
    const missing = (earlier.get(nameOf(call)) ?? []).filter((name) => !succeeded.has(name));
    if (missing.length === 0) return [];
    return [`${nameOf(call)} (call ${index + 1}) was handled before ${missing.join(', ')} had succeeded`];
  });
}

export function lost({ sent, calls }: Pick<ExampleRun, 'sent' | 'calls'>): string[] {
  const succeeded = new Set(calls.filter(({ result }) => result === 'succeeded').map(nameOf));
  return sent.filter((event) => !succeeded.has(nameOf(event))).map((event) => `${nameOf(event)} is lost`);
}

/** Calls of events that nobody sent, or under another place than their origin. */
function strangers({ sent, calls }: ExampleRun): string[] {
  const origins = new Map(sent.map((event) => [nameOf(event), placeOf(event)]));
  return calls
    .filter((call) => origins.get(nameOf(call)) !== placeOf(call))
    .map((call) => `${nameOf(call)} is at ${origins.get(nameOf(call))}, not at ${placeOf(call)}`);
}

/** The warehouse fails where all examples' warehouses do. */
function wrongResults({ calls }: ExampleRun): string[] {
  return calls
    .filter((call) => fails(call, call.attempt) !== (call.result === 'failed'))
    .map((call) => `${nameOf(call)}, attempt ${call.attempt}, must not have ${call.result}`);
}

/** Each event uses exactly the attempts that it needs: what waits burns none, and a failure that is told twice counts once. */
function wrongAttempts({ sent, calls }: ExampleRun): string[] {
  return sent.flatMap((event) => {
    const used = new Set(
      calls.filter((call) => nameOf(call) === nameOf(event)).map(({ attempt }) => attempt),
    );
    const wanted = fails(event, 1) ? [1, 2, 3] : [1];
    const seen = [...used].sort((a, b) => a - b);
    if (seen.length === 0 || seen.join() === wanted.join()) return [];
    return [`${nameOf(event)} had the attempts ${seen.join()} instead of ${wanted.join()}`];
  });
}

function nameOf({ order, seq }: Pick<SentEvent, 'order' | 'seq'>): string {
  return `${order}#${seq}`;
}

function placeOf({ partition, offset }: SentEvent): string {
  return `${partition}@${offset}`;
}

import { isUtf8 } from 'node:buffer';
import { unitFields } from '../domain/key-fields.ts';
import { keyOf } from '../domain/unit.ts';
import type { Unit } from '../domain/unit.ts';
import type { Action, LockView } from '../penalty-box/operator-box.ts';
import type { KeyFacts } from './facts.ts';

/** Something that one can do, with the call and the command that do it. */
export interface Option {
  readonly action: Action;
  readonly effect: string;
  readonly http: {
    readonly method: 'POST';
    readonly path: string;
    readonly body: Readonly<Record<string, unknown>>;
  };
  /** null: the command line can't name it. */
  readonly command: string | null;
}

const REASON = 'why';

/** What one can do about a key: only what has an effect in its state. Pure. */
export function optionsOf({ locks, partition, unit, route }: KeyFacts): Option[] {
  if (locks.length > 0) {
    return locks.flatMap(({ lock }) =>
      effectsOn(lock).map(([action, effect]) => option(route.name, unit, lock.partition, action, effect)),
    );
  }
  if (keyOf(unit) === null || partition === null) return [];
  const effect = route.gate
    ? 'holds the key: its next messages wait until it is unparked'
    : 'holds messages of the key that fail until it is unparked';
  return [option(route.name, unit, partition.number, 'park', effect)];
}

const PARK: readonly [Action, string] = [
  'park',
  'holds the key: nothing more of it is redelivered until it is unparked',
];
const SKIP: readonly [Action, string] = [
  'skip-head',
  'sends its first message to the dead-letter topic and goes on',
];
const DISCARD: readonly (readonly [Action, string])[] = [
  ['discard-head', 'drops its first message for good and goes on'],
  ['discard-all', 'drops all its messages for good and unlocks the key'],
];

function effectsOn({ parkedBy, entries }: LockView): (readonly [Action, string])[] {
  const [head] = entries;
  if (parkedBy === 'dead-letter' || head?.state === 'dead-lettered') {
    return [
      ['retry-now', 'gives the dead-lettered message one more attempt here, before the others'],
      ['unpark', 'drops it here (its dead letter stays) and goes on with the next message'],
      ...DISCARD,
    ];
  }
  const unpark: readonly [Action, string] = ['unpark', 'goes on'];
  if (head === undefined || head.state === 'pending') return [parkedBy === null ? PARK : unpark];
  if (parkedBy === 'operator') return [unpark, SKIP, ...DISCARD];
  if (head.state === 'dead-lettering') return [PARK, ...DISCARD];
  const rest = [PARK, SKIP, ...DISCARD];
  return head.state === 'in-flight' ? rest : [['retry-now', 'retries its first message at once'], ...rest];
}

function option(route: string, unit: Unit, partition: number, action: Action, effect: string): Option {
  return {
    action,
    effect,
    http: {
      method: 'POST',
      path: `/v1/routes/${route}/locks/actions`,
      body: { ...unitFields(unit), partition, action, reason: REASON },
    },
    command: commandFor(route, unit, partition, action),
  };
}

function commandFor(route: string, unit: Unit, partition: number, action: Action): string | null {
  const key = keyOf(unit);
  const rest = `--partition ${String(partition)} --reason ${REASON}`;
  const begin = `retry-orchestrator ${action} ${route}`;
  if (key === null)
    return unit[0] === 0x6d ? null : `${begin} --origin ${unit.toString('latin1', 1)} ${rest}`;
  if (!isUtf8(key)) return `${begin} ${quoted(key.toString('base64'))} --base64 ${rest}`;
  const text = key.toString('utf8');
  return text.startsWith('-') ? `${begin} ${rest} -- ${quoted(text)}` : `${begin} ${quoted(text)} ${rest}`;
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

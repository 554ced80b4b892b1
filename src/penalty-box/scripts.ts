import type { Place } from '../domain/place.ts';
import type { Unit } from '../domain/unit.ts';
import { readExceedingScript, readScript } from '../redis/define-script.ts';
import type { Argument, Reply, Script } from '../redis/define-script.ts';

const directory = new URL('./lua/', import.meta.url);
const shared = ['shared/shard.lua', 'shared/lock.lua'];
/** Refused where Redis has no memory left; those that only read are not asked. All others go on: see redis/lua/exceed.lua. */
const WITHIN_MEMORY: readonly Operation[] = [
  ...(['ingest', 'entries', 'lagging', 'carry', 'inspect', 'ages', 'browse', 'claimant', 'totals'] as const),
];

/** What every script answers. */
export type ScriptReply =
  | {
      readonly status: 'OK';
      /** When the shard's earliest head is due, epoch ms; null: nothing is. */
      readonly nextDue: number | null;
      readonly acquired: number;
      readonly released: readonly Release[];
      readonly result: readonly Reply[];
      /** Empty unless it was asked for. */
      readonly told: readonly Told[];
    }
  | { readonly status: 'NOT_READY' | 'FENCED' | 'BEHIND' }
  | { readonly status: 'CURSOR'; readonly cursor: string };

/** A lock that went away: why, and how long it was there. */
export interface Release {
  readonly reason: string;
  readonly ageMs: number;
}

/** What an operation changed, for those who publish it. */
export interface Told {
  readonly kind: 'locked' | 'unlocked' | 'parked' | 'unparked' | 'succeeded' | 'failed' | 'redriven';
  readonly unit: Unit;
  /** The message that it is about; of a lock the first one. Null: it is about the whole unit. */
  readonly place: Place | null;
  /** Which attempt has failed or succeeded; else 0. */
  readonly attempt: number;
  /** `failed`: the class of the error; `unlocked`: why; `parked`: `operator` or `dead-letter`; `redriven`: by what. */
  readonly detail: string;
}

type Operation =
  | 'takeover'
  | 'reset'
  | 'stamp'
  | 'freeze'
  | 'entries'
  | 'ingest'
  | 'claim'
  | 'renew'
  | 'admit'
  | 'outcomes'
  | 'release'
  | 'acknowledge'
  | 'withdraw'
  | 'bury'
  | 'evidence'
  | 'journal'
  | 'replay'
  | 'lagging'
  | 'carry'
  | 'parks'
  | 'act'
  | 'inspect'
  | 'ages'
  | 'browse'
  | 'claimant'
  | 'behind'
  | 'totals';

const scripts = new Map<Operation, Script<Argument[], ScriptReply>>();

/** The script of an operation (lua/<operation>.lua), read once. */
export function scriptOf(operation: Operation): Script<Argument[], ScriptReply> {
  let script = scripts.get(operation);
  if (script === undefined) {
    script = {
      name: operation,
      lua: (WITHIN_MEMORY.includes(operation) ? readScript : readExceedingScript)(
        directory,
        shared,
        `${operation}.lua`,
      ),
      argv: (args) => args,
      decode,
    };
    scripts.set(operation, script);
  }
  return script;
}

export type { Operation };

/** A reply's text. */
export function text(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply ?? '');
}

/** A reply's number. */
export function int(reply: Reply | undefined): number {
  return typeof reply === 'number' ? reply : Number(text(reply));
}

/** A reply's bytes. */
export function bytes(reply: Reply | undefined): Buffer {
  return Buffer.isBuffer(reply) ? reply : Buffer.from(text(reply));
}

/** A reply's list. */
export function list(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]) : [];
}

function decode(reply: Reply): ScriptReply {
  const [status, ...rest] = list(reply);
  switch (text(status)) {
    case 'OK': {
      const [due, acquired, releases, result, told] = rest;
      const pairs = list(releases);
      const released: Release[] = [];
      for (let i = 0; i < pairs.length; i += 2)
        released.push({ reason: text(pairs[i]), ageMs: int(pairs[i + 1]) });
      return {
        status: 'OK',
        nextDue: text(due) === '' ? null : int(due),
        acquired: int(acquired),
        released,
        result: list(result),
        told: list(told).map(readTold),
      };
    }
    case 'NOT_READY':
    case 'FENCED':
    case 'BEHIND':
      return { status: text(status) as 'NOT_READY' | 'FENCED' | 'BEHIND' };
    case 'CURSOR':
      return { status: 'CURSOR', cursor: text(rest[0]) };
    default:
      throw new Error(`a script answered ${text(status)}`);
  }
}

function readTold(reply: Reply): Told {
  const [kind, unit, place, attempt, detail] = list(reply);
  const at = bytes(place);
  return {
    kind: text(kind) as Told['kind'],
    unit: bytes(unit),
    place: at.length === 0 ? null : at,
    attempt: int(attempt),
    detail: text(detail),
  };
}

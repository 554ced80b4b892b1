import type { DeadLetterReason } from '../domain/outgoing-headers.ts';
import type { Place } from '../domain/place.ts';
import type { CarriedRecord } from '../domain/retry-record.ts';
import type { Unit } from '../domain/unit.ts';

/** A retry record, decided and encoded, as the box takes it. Times in epoch ms, delays in ms. */
export interface Arrival {
  readonly retryOffset: number;
  readonly unit: Unit;
  /** Origin offset, null = foreign. */
  readonly origin: number | null;
  readonly token: { readonly place: Buffer; readonly nonce: string } | null;
  readonly claim: string;
  readonly announced: boolean;
  readonly failedAt: number;
  readonly delay: number;
  readonly notBefore: number;
  readonly attempt: number;
  readonly fatal: boolean;
  readonly malformed: boolean;
  /** Where it is the copy of an older record of the retry topic. */
  readonly carried: CarriedRecord | null;
  /** By which a dead letter comes again, once for each; '' = it does not. */
  readonly redrive: string;
  readonly payload: Buffer;
}

/** One entry that the owner has to send. */
export interface Job {
  /** Opaque: names the entry within the shard. */
  readonly id: Buffer;
  readonly unit: Unit;
  readonly nonce: string;
  /** Handler attempts so far. */
  readonly attempt: number;
  /** null: redeliver; else its way is to the dead-letter topic. */
  readonly deadLetter: DeadLetterReason | null;
  /** Epoch ms, 0 = never. */
  readonly firstFailedAt: number;
  /** Of the last failure; '' where only the payload knows it. */
  readonly errorClass: string;
  readonly errorMessage: string;
  readonly retryOffset: number;
  /** When it was due, epoch ms. */
  readonly dueAt: number;
  /** Since when the box has had it, epoch ms. */
  readonly heldSince: number;
  readonly payload: Buffer;
}

/** An entry as a copy of its retry record has to say it. Times in epoch ms. */
export interface AgedEntry {
  readonly unit: Unit;
  readonly place: Place;
  readonly retryOffset: number;
  /** Handler attempts so far. */
  readonly attempt: number;
  /** 0 = never. */
  readonly firstFailedAt: number;
  /** ms until it is due. */
  readonly wait: number;
  readonly unanswered: number;
  readonly fatal: boolean;
  readonly malformed: boolean;
  /** A gate announced it. */
  readonly announced: boolean;
  /** Of the last failure; '' where only the payload knows it. */
  readonly errorClass: string;
  readonly errorMessage: string;
  readonly payload: Buffer;
}

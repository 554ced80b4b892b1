import type { KeyedAnswer } from './api/answers.ts';
import { count, keyText, seenFrom } from './output/human.ts';
import { plain } from './output/plain.ts';

interface Bytes {
  readonly size: number;
  readonly truncated: boolean;
  readonly base64: string;
  readonly text: string | null;
  readonly json?: unknown;
}

/** A dead letter with headers and payload. */
export interface DeadLetterInFull extends Pick<KeyedAnswer, 'key' | 'keyBase64'> {
  readonly partition: number;
  readonly offset: number;
  readonly source: string;
  readonly reason: string;
  readonly errorClass: string | null;
  readonly errorMessage: string | null;
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number } | null;
  readonly attempt: number;
  readonly firstFailedAt: number | null;
  readonly deadLetteredAt: number;
  readonly status: string | null;
  readonly headers: readonly (Bytes & { readonly name: string })[];
  readonly payload: Bytes | null;
}

/** For people. */
export function letterText(letter: DeadLetterInFull, now: number): string {
  const { origin, firstFailedAt, deadLetteredAt, errorClass, errorMessage } = letter;
  const facts: [string, string | null][] = [
    ['place', `${letter.partition}/${letter.offset}`],
    ['key', keyText({ key: letter.key, keyBase64: letter.keyBase64 })],
    ['status', letter.status],
    ['cause', letter.reason],
    ['error', [errorClass, errorMessage].filter((part) => part !== null).join(': ') || null],
    ['attempts', letter.attempt === 0 ? null : String(letter.attempt)],
    ['first failed', firstFailedAt === null ? null : when(firstFailedAt, now)],
    ['given up', when(deadLetteredAt, now)],
    ['origin', origin === null ? null : `${origin.topic}/${origin.partition}/${origin.offset}`],
    ['written by', letter.source],
  ];
  const shown = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  return [
    ...shown.map(([name, value]) => `${`${name}:`.padEnd(14)}${plain(value)}`),
    ...(letter.headers.length === 0 ? [] : ['headers:']),
    ...letter.headers.map((header) => `  ${plain(header.name)}: ${bytesText(header)}`),
    letter.payload === null ? 'no payload' : `payload (${count(letter.payload.size)} bytes):`,
    ...(letter.payload === null ? [] : [payloadText(letter.payload)]),
  ].join('\n');
}

function when(at: number, now: number): string {
  return `${new Date(at).toISOString()} (${seenFrom(now, at)})`;
}

function bytesText({ text, base64, truncated }: Bytes): string {
  return `${text === null ? `base64:${base64}` : plain(text)}${truncated ? '…' : ''}`;
}

/** Lines stay lines: a payload is there to be read. */
function payloadText(payload: Bytes): string {
  if (payload.json !== undefined)
    return JSON.stringify(payload.json, null, 2).split('\n').map(plain).join('\n');
  if (payload.text === null) return bytesText(payload);
  return `${payload.text.split('\n').map(plain).join('\n')}${payload.truncated ? '…' : ''}`;
}

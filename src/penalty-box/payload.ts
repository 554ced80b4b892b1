import type { Header, Origin } from '../domain/record.ts';

/**
 * What a message is, as it is kept in Redis. The error comes first, so that a script can show it without the rest.
 *
 * Layout: error class and message (u16 length + bytes each), flags (u8), origin offset (u48), timestamp (u48),
 * then by flags: origin topic (u16 + bytes) and partition (u32), key (u32 + bytes), redrive (u16 + bytes); headers (u16
 * count, each u16 + name, u32 + value); the value is the rest. Where headers and value lie in the retry topic, the length of
 * the value (u32) stands for both.
 */
export interface Payload {
  readonly origin: Origin;
  /** Epoch ms, null = unknown. */
  readonly originTimestamp: number | null;
  /** Only where the unit is not the key itself. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly valueAtOrigin: boolean;
  /** The id of the redrive that made this entry; '' = none. */
  readonly redrive: string;
  /** Headers and value lie in the retry topic, and are not here: how long the value is (bytes). null: they are here. */
  readonly leftOut: number | null;
  /** The application's own. */
  readonly headers: readonly Header[];
  readonly errorClass: string;
  readonly errorMessage: string;
}

/** The main topic and partition of the shard: where they are also the origin's, they are not stored. */
export interface Home {
  readonly topic: string;
  readonly partition: number;
}

const NULL_VALUE = 1;
const HAS_KEY = 2;
const FOREIGN_ORIGIN = 4;
const VALUE_AT_ORIGIN = 8;
const NO_TIMESTAMP = 16;
const REDRIVEN = 32;
const LEFT_OUT = 64;

export function encodePayload(payload: Payload, home: Home): Buffer {
  const { origin } = payload;
  const foreign = origin.topic !== home.topic || origin.partition !== home.partition;
  const errorClass = Buffer.from(payload.errorClass, 'utf8');
  const errorMessage = Buffer.from(payload.errorMessage, 'utf8');
  const topic = foreign ? Buffer.from(origin.topic, 'utf8') : null;
  const redrive = Buffer.from(payload.redrive, 'utf8');
  const names = payload.headers.map(([name]) => Buffer.from(name, 'utf8'));
  const size =
    4 +
    errorClass.length +
    errorMessage.length +
    13 +
    (topic ? 6 + topic.length : 0) +
    (payload.key ? 4 + payload.key.length : 0) +
    (redrive.length > 0 ? 2 + redrive.length : 0) +
    (payload.leftOut === null ? 2 : 4) +
    payload.headers.reduce((sum, [, value], i) => sum + 6 + (names[i]?.length ?? 0) + value.length, 0) +
    (payload.value?.length ?? 0);
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  const short = (bytes: Buffer): void => {
    at = out.writeUInt16BE(bytes.length, at);
    at += bytes.copy(out, at);
  };
  const long = (bytes: Buffer): void => {
    at = out.writeUInt32BE(bytes.length, at);
    at += bytes.copy(out, at);
  };
  short(errorClass);
  short(errorMessage);
  at = out.writeUInt8(
    (payload.value === null ? NULL_VALUE : 0) |
      (payload.key === null ? 0 : HAS_KEY) |
      (foreign ? FOREIGN_ORIGIN : 0) |
      (payload.valueAtOrigin ? VALUE_AT_ORIGIN : 0) |
      (payload.originTimestamp === null ? NO_TIMESTAMP : 0) |
      (redrive.length > 0 ? REDRIVEN : 0) |
      (payload.leftOut === null ? 0 : LEFT_OUT),
    at,
  );
  at = out.writeUIntBE(origin.offset, at, 6);
  at = out.writeUIntBE(payload.originTimestamp ?? 0, at, 6);
  if (topic) {
    short(topic);
    at = out.writeUInt32BE(origin.partition, at);
  }
  if (payload.key) long(payload.key);
  if (redrive.length > 0) short(redrive);
  if (payload.leftOut !== null) {
    out.writeUInt32BE(payload.leftOut, at);
    return out;
  }
  at = out.writeUInt16BE(payload.headers.length, at);
  payload.headers.forEach(([, value], i) => {
    short(names[i] ?? Buffer.alloc(0));
    long(value);
  });
  payload.value?.copy(out, at);
  return out;
}

export function decodePayload(bytes: Buffer, home: Home): Payload {
  let at = 0;
  const number = (size: number): number => {
    at += size;
    return bytes.readUIntBE(at - size, size);
  };
  const text = (): string => {
    const length = number(2);
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const long = (): Buffer => {
    const length = number(4);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const errorClass = text();
  const errorMessage = text();
  const flags = number(1);
  const offset = number(6);
  const timestamp = number(6);
  const elsewhere = (flags & FOREIGN_ORIGIN) !== 0;
  const topic = elsewhere ? text() : home.topic;
  const partition = elsewhere ? number(4) : home.partition;
  const key = (flags & HAS_KEY) === 0 ? null : long();
  const redrive = (flags & REDRIVEN) === 0 ? '' : text();
  const leftOut = (flags & LEFT_OUT) === 0 ? null : number(4);
  const headers: Header[] = [];
  for (let count = leftOut === null ? number(2) : 0; count > 0; count--) headers.push([text(), long()]);
  if (at > bytes.length) throw new RangeError('the payload is cut off');
  return {
    origin: { topic, partition, offset },
    originTimestamp: (flags & NO_TIMESTAMP) === 0 ? timestamp : null,
    key,
    value: leftOut === null && (flags & NULL_VALUE) === 0 ? bytes.subarray(at) : null,
    leftOut,
    valueAtOrigin: (flags & VALUE_AT_ORIGIN) !== 0,
    redrive,
    headers,
    errorClass,
    errorMessage,
  };
}

/** What is kept in Redis of a message whose headers and value stay in the retry topic. `payload` is whole. */
export function withoutContent(payload: Payload): Payload {
  return { ...payload, leftOut: payload.value?.length ?? 0, headers: [], value: null };
}

/** The error that a payload begins with. `bytes` may be cut after it. */
export function errorOf(bytes: Buffer): { errorClass: string; errorMessage: string } {
  const classEnd = 2 + bytes.readUInt16BE(0);
  const messageEnd = classEnd + 2 + bytes.readUInt16BE(classEnd);
  return {
    errorClass: bytes.toString('utf8', 2, classEnd),
    errorMessage: bytes.toString('utf8', classEnd + 2, messageEnd),
  };
}

/** The origin that a payload tells, where it is not of the shard's own partition. `bytes` may be cut after it. */
export function foreignOriginOf(bytes: Buffer): Origin | null {
  const classEnd = 2 + bytes.readUInt16BE(0);
  const at = classEnd + 2 + bytes.readUInt16BE(classEnd);
  if ((bytes.readUInt8(at) & FOREIGN_ORIGIN) === 0) return null;
  const topicEnd = at + 15 + bytes.readUInt16BE(at + 13);
  return {
    topic: bytes.toString('utf8', at + 15, topicEnd),
    partition: bytes.readUInt32BE(topicEnd),
    offset: bytes.readUIntBE(at + 1, 6),
  };
}

type LastError = Pick<Payload, 'errorClass' | 'errorMessage'>;

/** An entry tells of failures after its record was written; where it tells nothing, the payload has the last one. */
export function lastErrorOf(entry: LastError, payload: LastError): LastError {
  const { errorClass, errorMessage } = entry.errorClass !== '' || entry.errorMessage !== '' ? entry : payload;
  return { errorClass, errorMessage };
}

/** A value from the bytes of a header; undefined for what no tool would have written. Never throws. */
export type Decode<T> = (bytes: Buffer) => T | undefined;

/** Offsets and times are kept in six bytes, and no true one comes near: 2^47 ms is the year 6429. */
const NUMBER_LIMIT = 2 ** 47;

/** Attempts are kept in two bytes. Four letters that are no count would be a thousand million attempts. */
const ATTEMPT_LIMIT = 65_535;

const PARTITION_LIMIT = 2 ** 31 - 1;

export const text: Decode<string> = (bytes) => (bytes.length > 0 ? bytes.toString('utf8') : undefined);

export const topicName: Decode<string> = (bytes) => validTopic(bytes.toString('utf8'));

export function validTopic(name: unknown): string | undefined {
  return typeof name === 'string' && /^[a-zA-Z0-9._-]{1,249}$/.test(name) ? name : undefined;
}

/** Digits, as text. */
export const decimal: Decode<number> = (bytes) => {
  const digits = bytes.toString('latin1');
  return /^[0-9]{1,15}$/.test(digits) ? validNumber(Number(digits)) : undefined;
};

export const decimalPartition: Decode<number> = (bytes) => validPartition(decimal(bytes));

export const decimalAttempt: Decode<number> = (bytes) => validAttempt(decimal(bytes));

/** A signed big-endian number of 1 to 8 bytes: Java's `ByteBuffer.putLong` as well as `BigInteger.toByteArray`. */
export const bigEndian: Decode<number> = (bytes) => {
  if (bytes.length < 1 || bytes.length > 8) return undefined;
  return validNumber(Number(BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`))));
};

export const bigEndianInt: Decode<number> = (bytes) => (bytes.length === 4 ? bigEndian(bytes) : undefined);

export const bigEndianLong: Decode<number> = (bytes) => (bytes.length === 8 ? bigEndian(bytes) : undefined);

export function validNumber(value: unknown): number | undefined {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < NUMBER_LIMIT;
  return fits ? value : undefined;
}

/** From 1: a record comes to a retry topic after its first failure. */
export function validAttempt(value: unknown): number | undefined {
  const number = validNumber(value);
  return number !== undefined && number >= 1 && number <= ATTEMPT_LIMIT ? number : undefined;
}

function validPartition(value: number | undefined): number | undefined {
  return value !== undefined && value <= PARTITION_LIMIT ? value : undefined;
}

/** A failure as the service is told about it. */
export interface DescribedError {
  class: string;
  message: string;
  fatal?: true;
  retryAfterMs?: number;
}

const CLASS_BYTES = 256;
const MESSAGE_BYTES = 1024;

/** The longest start of `text` that takes at most `bytes` in UTF-8 and cuts no character. */
export function capUtf8(text: string, bytes: number): string {
  // Lone surrogates would become U+FFFD on the wire; they do here, so that the size is the real one.
  const buffer = Buffer.from(text.length > bytes ? text.slice(0, bytes) : text, 'utf8');
  if (buffer.length <= bytes) return buffer.toString('utf8');
  let end = bytes;
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return buffer.toString('utf8', 0, end);
}

/** Turns whatever a handler threw into class, message and wishes. Never throws itself, whatever the value's getters do. */
export function describeError(thrown: unknown): DescribedError {
  try {
    return describe(thrown);
  } catch {
    return { class: 'Error', message: 'the thrown value could not be read' };
  }
}

function describe(thrown: unknown): DescribedError {
  if (typeof thrown !== 'object' || thrown === null) {
    return { class: typeof thrown, message: capUtf8(String(thrown), MESSAGE_BYTES) };
  }
  const { message, fatal, retryAfterMs } = thrown as Record<string, unknown>;
  const described: DescribedError = {
    class: capUtf8(className(thrown), CLASS_BYTES),
    message: capUtf8(typeof message === 'string' ? message : '', MESSAGE_BYTES),
  };
  if (fatal === true) described.fatal = true;
  if (typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) && retryAfterMs >= 0) {
    described.retryAfterMs = Math.ceil(retryAfterMs);
  }
  return described;
}

/** The constructor's name, save where it says less than `name` (plain Errors that were given a name). */
function className(thrown: object): string {
  const constructed = (thrown.constructor as { name?: unknown } | undefined)?.name;
  const { name } = thrown as { name?: unknown };
  if (typeof constructed === 'string' && constructed !== '' && !['Error', 'Object'].includes(constructed)) {
    return constructed;
  }
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

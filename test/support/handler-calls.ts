/** One event of an order, as it was sent: `partition` and `offset` are its origin. */
export interface SentEvent {
  readonly order: string;
  readonly seq: number;
  readonly partition: number;
  readonly offset: number;
}

/** What an example writes to stdout when its handler has ended. */
export interface HandlerCall extends SentEvent {
  readonly attempt: number;
  readonly result: 'succeeded' | 'failed';
}

/** Which of its attempts fail in the examples' flaky warehouse: the first two at the first event of every fifth order. */
export function fails({ order, seq }: Pick<SentEvent, 'order' | 'seq'>, attempt: number): boolean {
  return seq === 0 && Number(order.replace('order-', '')) % 5 === 0 && attempt <= 2;
}

/** Reads the lines of all instances. The last one counts only with its end; one that is not the contract's is an error. */
export function readCalls(text: string): HandlerCall[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const call = parsed(line);
      if (!isCall(call)) throw new Error(`this is not a line of the examples' contract: ${line}`);
      return call;
    });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function isCall(value: unknown): value is HandlerCall {
  if (typeof value !== 'object' || value === null) return false;
  const { order, result, ...numbers } = value as Record<string, unknown>;
  return (
    typeof order === 'string' &&
    (result === 'succeeded' || result === 'failed') &&
    ['seq', 'partition', 'offset', 'attempt'].every((name) => Number.isSafeInteger(numbers[name]))
  );
}

import type { GateRecord, HeaderList } from '../../../src/gate/index.ts';
import type { MessageFacts } from '../plan/load.ts';

/** In this header a message says what it is, whatever becomes of its value. */
export const FACTS_HEADER = 'message';

export function factsOf(record: GateRecord): MessageFacts {
  return JSON.parse(headerOf(record, FACTS_HEADER) ?? '') as MessageFacts;
}

export function headerOf({ headers }: Pick<GateRecord, 'headers'>, name: string): string | undefined {
  const pair = (headers as HeaderList | undefined)?.find((each) => name in each);
  return pair === undefined ? undefined : String(pair[name]);
}

export function valueOf({ bytes }: Pick<MessageFacts, 'bytes'>): Buffer | null {
  return bytes === 0 ? null : Buffer.alloc(bytes, 'x');
}

/** Whether a message came back from its retries as it was sent. */
export function isWhole(record: GateRecord): boolean {
  const { bytes } = factsOf(record);
  return (record.value?.length ?? 0) === bytes;
}

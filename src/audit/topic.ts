import { settled, type Send } from '../kafka/send.ts';
import type { RecordedDeed } from './deed.ts';

/** Writes deeds to a topic as JSON, by route: those of one route stay in order. */
export function publishTo(topic: string, send: Send): (deed: RecordedDeed) => Promise<void> {
  return async (deed) => {
    const result = await settled(send, {
      topic,
      partition: null,
      key: Buffer.from(deed.route),
      value: Buffer.from(JSON.stringify(deed)),
      headers: [['content-type', Buffer.from('application/json')]],
    });
    if (result.kind !== 'written') throw result.error;
  };
}

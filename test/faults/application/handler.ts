import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from '../../../dev/seeded-random.ts';
import type { GateRecord, HandlerContext } from '../../../src/gate/index.ts';
import { failuresOf } from '../plan/failures.ts';
import { factsOf, isWhole } from './facts.ts';
import type { HistoryWriter } from './history-writer.ts';

interface Deps {
  readonly route: string;
  readonly history: HistoryWriter;
  readonly seed: number;
  readonly loadMs: number;
  readonly mendedFile: string;
  /** Called with a redelivered record once its handler has succeeded, before that is written down. */
  readonly onSuccess?: (record: GateRecord, context: HandlerContext) => void;
}

/** Work takes time, so that there is always some of it going on when a process is killed; now and then it takes longer. */
const WORK_MS = 1;
const LONG_WORK_MS = 60;

/** What the application does with a message: writes down that it began and how it ended, and fails as planned. */
export function handlerOf({ route, history, seed, loadMs, mendedFile, onSuccess }: Deps) {
  return async (record: GateRecord, context: HandlerContext): Promise<void> => {
    const { attempt, redelivered, origin } = context;
    const facts = factsOf(record);
    const { key, seq } = facts;
    const { partition, offset } = origin;
    const call = history.begun({ route, key, seq, partition, offset, attempt, redelivered });
    if (!isWhole(record)) {
      // The run says which processes ended by themselves, and fails.
      process.stderr.write(`${key}#${seq} came with ${record.value?.length} bytes, not ${facts.bytes}\n`);
      process.exit(1);
    }
    await sleep(hash(`${key}/${seq}`) % 50 === 0 ? LONG_WORK_MS : WORK_MS);
    if (attempt <= failuresOf(facts, { seed, route, loadMs }, existsSync(mendedFile))) {
      history.ended(call, 'failed');
      throw new Error(`the warehouse does not answer for ${key}`);
    }
    if (redelivered) onSuccess?.(record, context);
    history.ended(call, 'succeeded');
  };
}

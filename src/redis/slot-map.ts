import type { Redis } from 'ioredis';
import type { Address } from '../config/formats.ts';

/** Who holds which slots, as one node sees it. */
export interface SlotMap {
  /** Grows with each failover and resharding: of two views the one with the higher epoch is the newer. */
  readonly epoch: number;
  readonly ranges: readonly { readonly from: number; readonly to: number; readonly primary: Address }[];
}

type Range = [from: number, to: number, primary: [host: string | null, port: number], ...replicas: unknown[]];

/** Asks a node. `asked`: how it was reached, for a node that does not know its own address. */
export async function readSlotMap(node: Redis, asked: Address): Promise<SlotMap> {
  const [info, slots] = await Promise.all([node.cluster('INFO'), node.cluster('SLOTS')]);
  const epoch = Number(/^cluster_current_epoch:(\d+)/m.exec(info)?.[1] ?? 0);
  const ranges = (slots as unknown as Range[]).map(([from, to, [host, port]]) => ({
    from,
    to,
    primary: { host: host === null || host === '' ? asked.host : host, port },
  }));
  return { epoch, ranges };
}

/** The newest of several views; undefined if nobody answered. */
export function newestOf(maps: readonly SlotMap[]): SlotMap | undefined {
  return maps.reduce<SlotMap | undefined>(
    (newest, map) => (newest === undefined || map.epoch > newest.epoch ? map : newest),
    undefined,
  );
}

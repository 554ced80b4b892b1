import type { Component } from './component.ts';
import { inOrder } from './component.ts';
import type { Clock } from './clock.ts';
import type { RouteConfig } from './config/config.ts';
import { FailingKeysWatch } from './hot-keys/failing-keys.ts';
import { HeldKeysReader } from './hot-keys/held-keys.ts';
import { RedisBoard } from './hot-keys/redis-board.ts';
import { ShareWatch } from './hot-keys/share-watch.ts';
import type { RouteDesk } from './http/route-desk.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { OperatorBox } from './penalty-box/operator-box.ts';
import type { RedisServers } from './redis/servers.ts';
import { failingKey } from './redis/shard-keys.ts';

interface Needs {
  readonly keyPrefix: string;
  readonly servers: RedisServers;
  readonly operator: OperatorBox;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly nonce: () => string;
  /** The shards that this replica owns. */
  readonly owned: () => readonly number[];
}

export interface RouteHotKeys extends Component {
  readonly desk: RouteDesk['hotKeys'];
  readonly failed: FailingKeysWatch['add'];
}

/** What tells which keys of a route are hot. */
export function createHotKeys({ name }: Pick<RouteConfig, 'name'>, needs: Needs): RouteHotKeys {
  const { servers, keyPrefix, operator, metrics, clock, nonce, owned } = needs;
  const board = new RedisBoard({ servers, key: failingKey(keyPrefix, name) });
  const failing = new FailingKeysWatch({ board, replica: nonce(), clock });
  const held = new HeldKeysReader({ operator, clock });
  // Of its own: what this replica looks at is not what it is asked for.
  const own = new HeldKeysReader({ operator, clock });
  const share = new ShareWatch({
    partitions: owned,
    read: (partitions) => own.read(partitions),
    onShare: (value) => {
      metrics.hotKeyShare.set({ route: name }, value);
    },
    clock,
  });
  return {
    ...inOrder([failing, share]),
    desk: {
      held: (partitions) => held.read(partitions),
      failing: (limit) => failing.read(limit),
    },
    failed: (failure) => {
      failing.add(failure);
    },
  };
}

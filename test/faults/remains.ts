import type { Remains } from './history.ts';
import { PARTITIONS } from './routes.ts';
import type { Service } from './stage/services.ts';

const TIMEOUT_MS = 5_000;

/** What is used of the answer about a route. */
interface RouteAnswer {
  readonly shards: readonly { readonly restored: boolean }[];
  readonly problems: readonly string[];
  readonly totals: Pick<Remains, 'lockedKeys' | 'heldMessages' | 'inFlight'>;
}

export interface RouteState {
  readonly remains: Remains;
  /** Why the figures are not the last word. */
  readonly problems: readonly string[];
}

/** What the service says of a route; all replicas are asked, because each knows only its own shards. Undefined: one is silent. */
export async function stateOf(route: string, services: Iterable<Service>): Promise<RouteState | undefined> {
  const answers: RouteAnswer[] = [];
  for (const { url } of services) {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await fetch(`${url}/v1/routes/${route}`, { signal });
      if (!answer.ok) return undefined;
      answers.push((await answer.json()) as RouteAnswer);
    } catch {
      return undefined;
    }
  }
  // Any replica has the totals of all shards.
  const { lockedKeys, heldMessages, inFlight } = answers[0]!.totals;
  const restored = answers.flatMap(({ shards }) => shards.filter((shard) => shard.restored)).length;
  const problems = [...new Set(answers.flatMap((answer) => answer.problems))];
  if (restored !== PARTITIONS) problems.push(`${restored} of ${PARTITIONS} shards are restored`);
  return {
    remains: { type: 'remains', at: Date.now(), route, lockedKeys, heldMessages, inFlight },
    problems,
  };
}

export function nothingRemains({ remains, problems }: RouteState): boolean {
  const { lockedKeys, heldMessages, inFlight } = remains;
  return problems.length === 0 && lockedKeys + heldMessages + inFlight === 0;
}

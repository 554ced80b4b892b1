import type { RouteAnswer } from './answers.ts';
import { type ApiClient, inPath } from './client.ts';
import { CommandError, EXIT } from './command-error.ts';

/** The path of a route, and what was given besides its name. */
export interface OfRoute {
  readonly route: string;
  /** `/v1/routes/orders` */
  readonly path: string;
  readonly rest: readonly string[];
}

interface Wanted {
  readonly atLeast: number;
  /** The same, unless given. */
  readonly atMost?: number;
  /** What they are, for the complaint. */
  readonly what?: string;
}

/**
 * Splits arguments into the name of the route and what comes after it. Where the service has one route its name may be left
 * out: `explain Order-123`. So with fewer arguments than `wanted` plus the route, all are what comes after it.
 */
export async function ofRoute(
  client: ApiClient,
  args: readonly string[],
  { atLeast, atMost = atLeast, what = 'an argument' }: Wanted,
): Promise<OfRoute> {
  const missing = new CommandError(EXIT.usage, `${what} is missing; see --help`);
  if (args.length < atLeast) throw missing;
  // More than fit without a route: the first must be one. As many as that needs and no fewer: it may be either.
  if (args.length > atMost) return named(args);
  const names = await routeNames(client);
  const [first] = args;
  const isRoute = first !== undefined && names.includes(first);
  if (isRoute && args.length > atLeast) return named(args);
  if (isRoute && names.length > 1) throw missing;
  const [only] = names;
  if (names.length === 1 && only !== undefined) return named([only, ...args]);
  const which = names.length === 0 ? 'the service has no route' : `say which route: ${names.join(', ')}`;
  throw new CommandError(EXIT.usage, which);
}

function named([route = '', ...rest]: readonly string[]): OfRoute {
  return { route, path: `/v1/routes/${inPath(route)}`, rest };
}

async function routeNames(client: ApiClient): Promise<string[]> {
  const { routes } = await client.get<{ routes: RouteAnswer[] }>('/v1/routes');
  return routes.map(({ name }) => name);
}

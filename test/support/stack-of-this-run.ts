import type { Stack } from '../../dev/stack/stack.ts';

/** What the global set-up started, for the global teardown: jest runs both in one process, but calls them alone. */
export const stackOfThisRun: Stack[] = [];

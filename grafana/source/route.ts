import type { Dashboard } from './panel.ts';
import { deadLetters } from './route/dead-letters.ts';
import { failures } from './route/failures.ts';
import { partitions } from './route/partitions.ts';
import { protection } from './route/protection.ts';
import { releases } from './route/releases.ts';
import { state } from './route/state.ts';

export const route: Dashboard = {
  uid: 'retry-orchestrator-route',
  title: 'Retry orchestrator: route',
  description: 'One route: what waits, what fails, how fast it is released, and what holds it back.',
  routes: 'one',
  rows: [state, failures, releases, protection, partitions, deadLetters],
};

import type { Dashboard } from './panel.ts';
import { api } from './overview/api.ts';
import { isItWell } from './overview/is-it-well.ts';
import { processes } from './overview/processes.ts';
import { routes } from './overview/routes.ts';
import { servers } from './overview/servers.ts';
import { traffic } from './overview/traffic.ts';

export const overview: Dashboard = {
  uid: 'retry-orchestrator-overview',
  title: 'Retry orchestrator: overview',
  description: 'Is it well? The first row says it. What is below says where it hurts.',
  routes: 'many',
  rows: [isItWell, routes, traffic, processes, servers, api],
};

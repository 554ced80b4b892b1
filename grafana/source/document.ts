import * as grafana from '@grafana/grafana-foundation-sdk/dashboard';
import { panelOf } from './grafana-panel.ts';
import type { Dashboard } from './panel.ts';
import { variables } from './variables.ts';

/**
 * A dashboard as the JSON that Grafana reads from a file. In the classic form: every Grafana takes that one, and the file
 * provisioning of many knows no other.
 */
export function dashboardJson(dashboard: Dashboard): string {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- See above.
  const document = new grafana.DashboardBuilder(dashboard.title)
    .uid(dashboard.uid)
    .description(dashboard.description)
    .tags(['retry-orchestrator', 'kafka'])
    .timezone('browser')
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    // One cross hair for all panels: what happened at the same time?
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .variables(variables(dashboard.routes))
    .link(
      new grafana.DashboardLinkBuilder('Retry orchestrator')
        .type(grafana.DashboardLinkType.Dashboards)
        .tags(['retry-orchestrator'])
        .includeVars(true)
        .keepTime(true),
    );
  let id = 0;
  for (const { title, panels } of dashboard.rows) {
    document.withRow(new grafana.RowBuilder(title).id(++id));
    for (const panel of panels) document.withPanel(panelOf(panel, ++id));
  }
  return `${JSON.stringify(document.build(), null, 2)}\n`;
}

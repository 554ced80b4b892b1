import { prometheusRule, ruleFile } from '../../grafana/alerts/rule-file.ts';
import { dashboardJson } from '../../grafana/source/document.ts';
import { overview } from '../../grafana/source/overview.ts';
import { route } from '../../grafana/source/route.ts';
import { chartPage } from './chart/chart-page.ts';
import { CHART } from './chart/chart-values.ts';
import { valuesSchema } from './chart/values-schema.ts';
import { configurationPage } from './configuration.ts';
import { logEventsPage } from './log-events.ts';
import { metricsPage } from './metrics.ts';
import { openApiDocument } from './openapi.ts';

/** What is generated: path from the root of the repository, and content. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  return {
    'docs/configuration.md': configurationPage(),
    'docs/log-events.md': logEventsPage(),
    'docs/metrics.md': metricsPage(),
    'grafana/alerts/rules.yaml': ruleFile(),
    'grafana/alerts/prometheus-rule.yaml': prometheusRule(),
    'docs/openapi.json': await openApiDocument(),
    'grafana/dashboards/overview.json': dashboardJson(overview),
    'grafana/dashboards/route.json': dashboardJson(route),
    // A chart is packed with what lies in its folder, and with nothing else.
    [`${CHART}/files/alerts.yaml`]: ruleFile(),
    [`${CHART}/files/dashboards/overview.json`]: dashboardJson(overview),
    [`${CHART}/files/dashboards/route.json`]: dashboardJson(route),
    [`${CHART}/values.schema.json`]: valuesSchema(),
    [`${CHART}/README.md`]: chartPage(),
  };
}

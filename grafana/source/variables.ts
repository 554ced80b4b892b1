import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard';
import { PREFIX } from '../../src/metrics/metrics.ts';
import { RUNBOOK, RUNBOOK_BASE } from './runbook.ts';

const ALL = { text: 'All', value: '$__all' };

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Which data source, namespace and route one looks at. */
export function variables(routes: 'one' | 'many'): Builder<grafana.VariableModel>[] {
  const datasource = new grafana.DatasourceVariableBuilder('datasource')
    .label('Data source')
    .type('prometheus');
  const namespace = listed('namespace', `label_values(${PREFIX}shards_owned, namespace)`)
    .label('Namespace')
    .multi(true)
    .includeAll(true)
    // Fits series without the label too, as they are outside Kubernetes.
    .allValue('.*')
    .current(ALL);
  const route = listed('route', `label_values(${PREFIX}shards_owned{namespace=~"$namespace"}, route)`).label(
    'Route',
  );
  if (routes === 'many') route.multi(true).includeAll(true).allValue('.*').current(ALL);
  const runbook = new grafana.TextBoxVariableBuilder(RUNBOOK)
    .label('Runbook')
    .description('Where the pages of docs/runbook/ are.')
    .defaultValue(RUNBOOK_BASE)
    .hide(grafana.VariableHide.HideVariable);
  return [datasource, namespace, route, runbook];
}

function listed(name: string, query: string): grafana.QueryVariableBuilder {
  return new grafana.QueryVariableBuilder(name)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
    .sort(grafana.VariableSort.AlphabeticalAsc);
}

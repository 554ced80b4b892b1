import { configurationPage } from './configuration.ts';
import { metricsPage } from './metrics.ts';

/** What is generated: path from the root of the repository, and content. */
export function generatedPages(): Readonly<Record<string, string>> {
  return {
    'docs/configuration.md': configurationPage(),
    'docs/metrics.md': metricsPage(),
  };
}

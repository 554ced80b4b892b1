/** Where the pages of docs/runbook/ can be read: a variable of the dashboards, so that nobody has to generate them anew. */
export const RUNBOOK = 'runbook';

export function runbookUrl(page: string): string {
  return `\${${RUNBOOK}}/${page}.md`;
}

/** What the variable holds until somebody changes it. */
export const RUNBOOK_BASE = 'https://example.org/retry-orchestrator/docs/runbook';

// Part of `npm run check`: is docs/openapi.json a document that tools and people can work with?
import { createConfig, lint } from '@redocly/openapi-core';

const DOCUMENT = 'docs/openapi.json';

const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    'info-license-strict': 'off',
    // Where it runs is for its readers to know.
    'no-server-example.com': 'off',
    'operation-description': 'off',
    'operation-4xx-response': 'off',
    'tag-description': 'error',
    'operation-tag-defined': 'error',
    'operation-operationId': 'error',
    'no-ambiguous-paths': 'off',
  },
});
const problems = await lint({ ref: DOCUMENT, config });
for (const { ruleId, severity, message, location } of problems) {
  const [where] = location;
  process.stdout.write(`${severity}: ${ruleId}: ${message} (${where?.pointer ?? ''})\n`);
}
process.exitCode = problems.length === 0 ? 0 : 1;

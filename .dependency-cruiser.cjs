// Which way imports may point. The reasons are in docs/design.md; the names here are what the check prints.

/** Only files under `homes` may import what matches `to`. */
const onlyIn = (name, to, homes, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: homes },
  to: { path: to },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'domain-is-pure',
      comment: 'The decisions depend on nothing, so that each is tested as a table.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: '^src/', pathNot: '^src/domain/' },
    },
    {
      name: 'domain-without-packages',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: 'node_modules/' },
    },
    {
      name: 'gate-ships-alone',
      comment: 'The gate runs inside other services: it brings neither our modules nor dependencies with it.',
      severity: 'error',
      from: { path: '^src/gate/' },
      to: { path: '^src/', pathNot: '^src/(gate|domain)/' },
    },
    {
      name: 'gate-without-packages',
      severity: 'error',
      from: { path: '^src/gate/' },
      to: { path: 'node_modules/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'composition-root',
      comment: 'src/service.ts and the commands know every part; no part knows them.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(service\\.ts|cli\\.ts|commands/)' },
      to: { path: '^src/(service\\.ts|cli\\.ts|commands/)' },
    },
    {
      name: 'src-stands-alone',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(dev|bench|test|grafana)/' },
    },
    onlyIn('prom-client-home', 'node_modules/prom-client/', '^src/metrics/'),
    onlyIn('opentelemetry-home', 'node_modules/@opentelemetry/', '^src/tracing/'),
    onlyIn('ioredis-home', 'node_modules/ioredis/', '^src/(redis|penalty-box)/'),
    onlyIn('kafka-admin-home', 'node_modules/@platformatic/kafka/', '^src/kafka/'),
    onlyIn('kafka-client-home', 'node_modules/@confluentinc/kafka-javascript/', '^src/(kafka|gate)/'),
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};

// A project a folder: `unit` needs nothing and is part of `npm run check`; the others get a real Kafka and Redis from
// test/support/stack-setup.ts, save `chart`. `image`, `chart` and `examples` are run by targets of their own: they need
// tools and languages that the rest does not.
const project = (name, more = {}) => ({
  displayName: name,
  rootDir: import.meta.dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  testEnvironment: '<rootDir>/test/support/leak-checking-environment.ts',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.[jt]s$': '@swc/jest' },
  // ESM-only packages that others reach by `require`: they have to be compiled like our own files.
  transformIgnorePatterns: ['/node_modules/(?!(cookie|content-disposition)/)'],
  restoreMocks: true,
  ...more,
});

const stack = {
  globalSetup: '<rootDir>/test/support/stack-setup.ts',
  globalTeardown: '<rootDir>/test/support/stack-teardown.ts',
};

export default {
  projects: [
    project('unit', { globalTeardown: '<rootDir>/test/support/fail-on-leak.ts' }),
    project('integration', stack),
    project('end-to-end', stack),
    project('image', stack),
    project('chart'),
    project('examples', stack),
  ],
  // A hang ends a run, a busy machine does not: what a test waits for has limits of its own (test/support/wait-for.ts).
  testTimeout: 300_000,
  // See test/support/fail-on-leak.ts, and run-in-parts.ts there; and the native Kafka client must not be loaded into worker threads.
  maxWorkers: 1,
};

import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Time, randomness and the environment are parameters everywhere in src/: each has one home, named below, so that
// every test can set them. A rule that gets in the way somewhere else is a sign that a `Clock` was not passed on.
const timers = ['setTimeout', 'setInterval'].map((name) => ({
  name,
  message: 'Use the Clock that was passed in (src/clock.ts).',
}));

const noTimers = {
  'no-restricted-globals': ['error', ...timers],
  'no-restricted-imports': [
    'error',
    ...['node:timers', 'node:timers/promises'].map((name) => ({
      name,
      message: 'Use the Clock that was passed in (src/clock.ts).',
    })),
  ],
  'no-restricted-syntax': [
    'error',
    {
      selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
      message: 'Use the Clock that was passed in (src/clock.ts).',
    },
  ],
};

const dateNow = {
  object: 'Date',
  property: 'now',
  message: 'Use the Clock that was passed in (src/clock.ts).',
};
const globalTimers = timers.map(({ name, message }) => ({ object: 'globalThis', property: name, message }));
const mathRandom = { object: 'Math', property: 'random', message: 'Use the `random` that was passed in.' };
const processEnv = {
  object: 'process',
  property: 'env',
  message: 'The environment is read in src/config and src/cli.ts only.',
};

const onlyInItsHome = (...properties) => ({ 'no-restricted-properties': ['error', ...properties] });

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'node_modules/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers and booleans print as one expects; objects and undefined stay forbidden.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      ...noTimers,
      ...onlyInItsHome(dateNow, ...globalTimers, mathRandom, processEnv),
      'no-console': 'error',
    },
  },
  {
    // The homes of time. The gate is published by itself and has its own.
    files: ['src/clock.ts', 'src/gate/clock.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-imports': 'off',
      'no-restricted-syntax': 'off',
      ...onlyInItsHome(mathRandom, processEnv),
    },
  },
  {
    files: ['src/config/**/*.ts', 'src/cli.ts'],
    rules: onlyInItsHome(dateNow, ...globalTimers, mathRandom),
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'dev/**/*.ts', 'grafana/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A fake may be async because the interface is, and a mock method is asserted on by reference.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // The configuration files of the tools themselves, and the scripts of the Grafana and Helm folders.
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);

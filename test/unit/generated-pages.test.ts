import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { generatedPages } from '../../dev/generate/pages.ts';

test.each(Object.entries(await generatedPages()))('%s is up to date (npm run generate)', (path, content) => {
  expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(content);
});

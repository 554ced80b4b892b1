// `npm run generate`: writes the pages of docs/ that are made from declarations in src/. A unit test compares them.
import { writeFileSync } from 'node:fs';

import { generatedPages } from './pages.ts';

for (const [path, content] of Object.entries(await generatedPages())) {
  writeFileSync(new URL(`../../${path}`, import.meta.url), content);
}

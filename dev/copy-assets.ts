// The part of the build that tsc leaves out: whatever in src/ is read at run time beside its module, such as Lua.
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';

for (const entry of await readdir('src', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.ts')) continue;
  const source = join(entry.parentPath, entry.name);
  await cp(source, join('dist', source.slice('src/'.length)), { recursive: true });
}

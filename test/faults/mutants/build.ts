import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { type Mutant, mutated } from './mutant.ts';

/** Like tsconfig.json, without its checks: a mutant need not be tidy. */
const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
};

/** Builds the service with that bug, or without one, into `directory`; resolves with its `dist`. */
export async function buildMutant(mutant: Mutant | undefined, directory: string): Promise<string> {
  const dist = join(directory, 'dist');
  await mkdir(dist, { recursive: true });
  await cp('package.json', join(directory, 'package.json'));
  await symlink(join(process.cwd(), 'node_modules'), join(directory, 'node_modules'));
  for (const entry of await readdir('src', { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const source = await readFile(file, 'utf8');
    const text = mutant?.file === file ? mutated(source, mutant) : source;
    const to = join(dist, relative('src', file));
    await mkdir(dirname(to), { recursive: true });
    if (file.endsWith('.ts')) await writeFile(to.replace(/\.ts$/, '.js'), compiled(text));
    else await writeFile(to, text);
  }
  return dist;
}

function compiled(text: string): string {
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

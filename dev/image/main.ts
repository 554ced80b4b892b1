// `make image`: builds the images, and says how large they are. test/image runs them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildImages, IMAGES } from './build.ts';
import { findEngine } from './engine.ts';

const execute = promisify(execFile);
const begun = performance.now();

const engine = await findEngine();
say(`image: building with ${engine.name}`);
await buildImages(engine);
for (const name of Object.values(IMAGES)) {
  const [command = '', ...args] = engine.runner;
  const { stdout } = await execute(command, [...args, 'image', 'inspect', '--format', '{{.Size}}', name]);
  say(`image: ${name}, ${(Number(stdout) / 1e6).toFixed(0)} MB`);
}
say(`image: built in ${((performance.now() - begun) / 1_000).toFixed(0)} s`);

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

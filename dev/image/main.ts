// `make image`: builds the images, says how large they are, and runs test/image, which tries them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { baseImage, buildImages, IMAGES } from './build.ts';
import { type Engine, findEngine } from './engine.ts';

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

// Known by the base image, so that an image of ours that does not run is a failure.
const obstacle = await whyNothingRuns(engine, await baseImage());
if (obstacle === undefined) {
  const args = ['run', '--silent', 'jest', '--', '--selectProjects', 'image'];
  const [code] = (await once(spawn('npm', args, { stdio: 'inherit' }), 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} else {
  say(`image: NOT TRIED, because containers can't be run here: ${obstacle}`);
}

async function whyNothingRuns(
  { runner: [command = '', ...args], runOptions }: Engine,
  image: string,
): Promise<string | undefined> {
  const run = ['run', '--rm', '--network', 'host', ...runOptions, '--entrypoint', 'node', image, '--version'];
  return execute(command, [...args, ...run]).then(
    () => undefined,
    (error: unknown) => (error as { stderr: string }).stderr.trim(),
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

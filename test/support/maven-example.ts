import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Example } from './orders-instance.ts';

const run = promisify(execFile);
/** The first time everything is downloaded. */
const BUILD_LIMIT_MS = 280_000;

const built = new Map<string, Promise<Example>>();

/** Builds one of the examples in Java with Maven, once, and says how it is started: small, and quick rather than fast. */
export function mavenExample(name: string): Promise<Example> {
  const example = built.get(name) ?? build(name);
  built.set(name, example);
  return example;
}

async function build(name: string): Promise<Example> {
  const directory = join(import.meta.dirname, '../../examples', name);
  try {
    await run('mvn', ['-B', '-q', 'package'], { cwd: directory, timeout: BUILD_LIMIT_MS });
  } catch (error) {
    const said = (error as { stdout?: string }).stdout ?? '';
    throw new Error(`examples/${name} was not built; it needs what dev/setup.sh examples installs. ${said}`, {
      cause: error,
    });
  }
  const options = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return { command: ['java', ...options, '-jar', 'target/orders.jar'], directory };
}

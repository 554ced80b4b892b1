// `make demo`: real Kafka and Redis, the service and two consumers as processes, one of them killed half-way; then what
// the consumers wrote down is checked. Exit code 1 if a promise was broken.
import { INTERRUPTED, interruption } from '../interruption.ts';
import { startStack } from '../stack/stack.ts';
import { abortable } from './abortable.ts';
import { runDemo } from './demo.ts';
import { type DemoOptions, readOptions, usage } from './options.ts';

const signal = interruption();

process.exit(await main());

async function main(): Promise<number> {
  const options = optionsOrUsage();
  if (options === undefined) return 2;
  // Processes do not keep their owner alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const stack = await abortable(startStack(), signal);
    try {
      const kept = await runDemo(stack, options, { out: process.stdout, signal });
      return kept ? 0 : 1;
    } finally {
      await stack[Symbol.asyncDispose]();
    }
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    process.stderr.write(
      `demo: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  } finally {
    clearInterval(alive);
  }
}

function optionsOrUsage(): DemoOptions | undefined {
  try {
    return readOptions(process.argv.slice(2), Math.floor(Math.random() * 1_000_000));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    return undefined;
  }
}

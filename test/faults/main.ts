// `make faults`: real brokers, Redis, replicas and consumers, and a nemesis that kills, stops and cuts them off; then what
// was written down is judged. Exit code 1 if a promise was broken.
import { setMaxListeners } from 'node:events';
import { INTERRUPTED, interruption } from '../../dev/interruption.ts';
import { readOptions } from './options.ts';
import { runFaults } from './run.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const signal = interruption();
// Every fault of the plan listens to it.
setMaxListeners(0, signal);

process.exit(await main());

async function main(): Promise<number> {
  // Processes do not keep their owner alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const options = readOptions(process.env, Math.floor(Math.random() * 1_000_000));
    const { seed, minutes } = options;
    say(`faults: SEED=${seed} MINUTES=${minutes}`);
    return (await runFaults(options, say, signal)) ? 0 : 1;
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    process.stderr.write(
      `faults: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  } finally {
    clearInterval(alive);
  }
}

// `make watch`: the service in changing weather, with Prometheus, and Grafana where it is installed, looking at it.
import { interruption } from '../interruption.ts';
import { startStack } from '../stack/stack.ts';
import { drawDashboards } from './draw-dashboards.ts';
import { readOptions, usage, type WatchOptions } from './options.ts';
import { places } from './places.ts';
import { setScene } from './scene.ts';

const PICTURES = 'docs/dashboards';

const signal = interruption();
signal.addEventListener('abort', () => {
  say('watch: ending');
});
process.exit(await main());

async function main(): Promise<number> {
  const options = optionsOrUsage();
  if (options === undefined) return 2;
  // Processes do not keep their owner alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    await using stack = await startStack();
    say('watch: starting the service and Prometheus');
    await using scene = await setScene(stack, process.env['PATH'] ?? '');
    const { service, prometheus, grafana } = scene;
    say('watch: running. Look at', ...places({ service, prometheus: prometheus.url, grafana: grafana?.url }));
    say(options.seconds === null ? 'Ctrl-C ends it.' : `It ends after ${options.seconds} s.`);
    const from = Date.now() / 1_000;
    const over = options.seconds === null ? [] : [AbortSignal.timeout(options.seconds * 1_000)];
    await scene.run(AbortSignal.any([signal, ...over]), (seconds, { name }) => {
      say(`  ${seconds.toFixed(0).padStart(4)} s  ${name}`);
    });
    if (options.draw && !signal.aborted) {
      const range = { from, to: Date.now() / 1_000, step: 1 };
      for (const file of await drawDashboards(prometheus.api, range, PICTURES)) say(`watch: drew ${file}`);
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    process.stderr.write(
      `watch: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  } finally {
    clearInterval(alive);
  }
}

function say(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function optionsOrUsage(): WatchOptions | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    return undefined;
  }
}

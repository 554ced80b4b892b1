import { setFlagsFromString } from 'node:v8';
import { systemClock } from '../clock.ts';
import type { Environment } from '../config/read-section.ts';
import { ChangingLevel } from '../log-level.ts';
import { createLogger } from '../logger.ts';
import { loadConfigOrReport } from './configured.ts';
import { runUntilSignal } from './run-until-signal.ts';

/** Runs the service until it is told to stop. Resolves when it is up; the process ends through `runUntilSignal`. */
export async function serve(configPath: string, env: Environment): Promise<void> {
  const config = loadConfigOrReport(configPath, env);
  if (config === undefined) return;
  // Under load V8 lets its heap grow to several times what is in use and keeps it: 107 MiB more after 200,000 messages
  // instead of 20, for some percent of the throughput (docs/benchmarks.md).
  setFlagsFromString('--heap-growing-percent=40');
  const { environment } = config;
  const logLevel = new ChangingLevel({
    configured: config.log.level,
    clock: systemClock,
    onBack: (from) => {
      logger.info({ event: 'log_level_back', from, level: config.log.level }, 'the log level fell back');
    },
  });
  const base = createLogger(logLevel, undefined, { keys: config.log.keys });
  const logger = environment === null ? base : base.child({ environment });
  // Loaded only now: a mistake in the file is reported even where the native Kafka client can't be loaded.
  const { createService } = await import('../service.ts');
  const broken = new AbortController();
  const onBroken = (error: unknown): void => {
    broken.abort(error);
  };
  await runUntilSignal(createService(config, { logger, logLevel, clock: systemClock, onBroken }), {
    ...{ logger, clock: systemClock, process },
    broken: broken.signal,
  });
}

import { aclCommands, principalOf, redisCommand } from '../access/commands.ts';
import { needsOf } from '../access/needs.ts';
import { systemClock } from '../clock.ts';
import { duration } from '../config/formats.ts';
import type { Environment } from '../config/read-section.ts';
import { commandsFor, createTopic, plannedTopics } from '../doctor/create-topics.ts';
import { examine } from '../doctor/examination.ts';
import type { Foundation } from '../doctor/examination.ts';
import { openFoundation } from '../doctor/open-foundation.ts';
import { hasErrors, jsonReport, shownReport } from '../doctor/report.ts';
import { loadConfigOrReport } from './configured.ts';

export interface DoctorOptions {
  readonly json?: boolean;
  /** Creates topics that are missing, before it looks. */
  readonly createTopics?: boolean;
  /** Prints what Kafka has to allow, and contacts nobody. */
  readonly printAcls?: boolean;
  /** With `createTopics`: only says how. */
  readonly dryRun?: boolean;
  /** A duration: how long to wait for Kafka and Redis to answer. Default: 10s. */
  readonly timeout?: string;
}

type Out = Pick<NodeJS.WriteStream, 'write'>;

/**
 * Checks what the service stands on and says what it finds. Answers the exit code: 1 if a promise would break, or nothing
 * answers; 2 if the configuration can't be used.
 */
export async function doctor(
  configPath: string,
  env: Environment,
  options: DoctorOptions = {},
  { stdout, stderr }: { readonly stdout: Out; readonly stderr: Out } = process,
): Promise<number> {
  const config = loadConfigOrReport(configPath, env);
  if (config === undefined) return 2;
  if (options.printAcls === true) {
    const to = { brokers: config.kafka.brokers, principal: principalOf(config.kafka.librdkafka) };
    const commands = [...aclCommands(needsOf(config), to), redisCommand(config.redis)];
    stdout.write(commands.map((command) => `${command}\n`).join(''));
    return 0;
  }
  const timeout = patience(options, stderr);
  if (timeout === null) return 2;
  const { foundation, stop } = await openFoundation(config, systemClock, timeout);
  try {
    if (options.createTopics === true && options.dryRun === true) {
      const commands = commandsFor(await plannedTopics(foundation), config.kafka.brokers);
      stdout.write(commands.map((command) => `${command}\n`).join(''));
      return 0;
    }
    const created: string[] = [];
    if (options.createTopics === true) {
      const say = (line: string): void => {
        created.push(line);
        if (options.json !== true) stdout.write(`${line}\n`);
      };
      await createMissing(foundation, say);
    }
    const report = await examine(foundation);
    stdout.write(
      options.json === true ? jsonReport(report, created) : shownReport(report, config.routes.length),
    );
    return hasErrors(report.findings) ? 1 : 0;
  } catch (error) {
    stderr.write(`✗ ${(error as Error).message}\n`);
    return 1;
  } finally {
    await stop();
  }
}

function patience({ timeout = '10s' }: DoctorOptions, stderr: Out): number | null {
  try {
    return duration({ min: 1 }).parse(timeout);
  } catch (error) {
    stderr.write(`--timeout: ${(error as Error).message}\n`);
    return null;
  }
}

async function createMissing(foundation: Foundation, say: (line: string) => void): Promise<void> {
  for (const plan of await plannedTopics(foundation)) say(await createTopic(plan, foundation));
}

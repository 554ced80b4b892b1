import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const kafkaVersion = '4.1.1';

const pom = join(import.meta.dirname, 'kafka-jars', 'pom.xml');

/** The broker's jars, fetched once a machine: the distribution's archive is ten times the size and on fewer mirrors. */
export async function kafkaJars(say: (line: string) => void): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'retry-orchestrator');
  const jars = join(cache, `kafka-${kafkaVersion}`);
  if (existsSync(jars)) return jars;

  say(`fetching Apache Kafka ${kafkaVersion} with Maven into ${jars} (43 MB, once)`);
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(`${jars}-`);
  try {
    await promisify(execFile)('mvn', [
      ...['-B', '-q', '-ntp', '-f', pom, `-Dkafka.version=${kafkaVersion}`],
      ...['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`],
    ]);
    await rename(unfinished, jars);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Two processes may have fetched at once; the other one was first, and its copy is as good.
    if (!existsSync(jars)) throw error;
  }
  return jars;
}

import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { ClusterView, whyOf } from '../kafka/cluster-view.ts';
import type { Read } from '../kafka/cluster-view.ts';
import { KafkaOffsets } from '../kafka/offsets.ts';
import { createLogger } from '../logger.ts';
import { createServers } from '../redis/servers.ts';
import type { Foundation } from './examination.ts';

/** Connects to what answers within `timeout` ms. `stop` leaves nothing open. */
export async function openFoundation(
  config: Config,
  clock: Clock,
  timeout: number,
): Promise<{ readonly foundation: Foundation; readonly stop: () => Promise<void> }> {
  const abort = new AbortController();
  const late = clock.sleep(timeout, abort.signal).then(
    (): false => false,
    (): false => false,
  );
  const logger = createLogger('silent');
  const servers = createServers(config.redis, { logger, clock });
  const offsets = new KafkaOffsets(config, logger);
  const [redis, kafka, view] = await Promise.all([
    answering(servers, servers.start(), late, () =>
      servers.lastError === '' ? '' : `: ${servers.lastError}`,
    ),
    // The client counts as started with no broker there.
    answering(
      offsets,
      offsets.start().then(() => offsets.ping()),
      late,
      () => ` at ${config.kafka.brokers.join(', ')}`,
    ),
    viewOf(config),
  ]);
  abort.abort();
  return {
    foundation: { config, servers: redis, offsets: kafka, view, clock },
    stop: async () => {
      if (view.kind === 'read') await view.value.close();
      await Promise.all([servers.stop(), offsets.stop()]);
    },
  };
}

async function answering<Part>(
  part: Part,
  answer: Promise<void>,
  late: Promise<false>,
  why: () => string,
): Promise<Read<Part>> {
  const answers = await Promise.race([answer.then(() => true), late]).catch(() => false);
  return answers ? { kind: 'read', value: part } : { kind: 'unreadable', why: `does not answer${why()}` };
}

async function viewOf(config: Config): Promise<Read<ClusterView>> {
  try {
    return { kind: 'read', value: await ClusterView.open(config) };
  } catch (error) {
    return { kind: 'unreadable', why: whyOf(error) };
  }
}

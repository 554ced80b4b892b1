import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { adminAccess } from '../kafka/admin-access.ts';
import { bootstrapOf } from '../kafka/bootstrap.ts';
import { briefly } from '../kafka/briefly.ts';
import type { ClusterView } from '../kafka/cluster-view.ts';
import { readCertificates } from './read-certificates.ts';
import type { CertificateSeen } from './read-certificates.ts';

/**
 * Those of all brokers, of Redis, and the client's own. Nobody is asked where nothing speaks TLS.
 *
 * @throws where Kafka does not say which brokers there are, or the settings are for another client than ours.
 */
export async function readAllCertificates(
  config: Pick<Config, 'kafka' | 'redis'>,
  open: () => Promise<Pick<ClusterView, 'cluster' | 'close'>>,
  signal: AbortSignal,
): Promise<readonly CertificateSeen[]> {
  const { tls } = adminAccess(config.kafka.librdkafka, (path) => readFileSync(path));
  if (tls === undefined) return readCertificates(config, [], undefined, signal);
  try {
    const { brokers } = await briefly(await open(), (view) => view.cluster(), signal);
    return await readCertificates(config, brokers, tls, signal);
  } catch (error) {
    // One that has expired keeps us from asking for the others; it can be read all the same.
    const seen = await readCertificates(config, bootstrapOf(config), tls, signal);
    if (seen.every(({ expires }) => expires.kind === 'unreadable')) throw error;
    return seen;
  }
}

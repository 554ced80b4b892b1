import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { adminAccess } from '../kafka/admin-access.ts';
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
): Promise<readonly CertificateSeen[]> {
  const { tls } = adminAccess(config.kafka.librdkafka, (path) => readFileSync(path));
  if (tls === undefined) return readCertificates(config, [], undefined);
  const view = await open();
  try {
    const { brokers } = await view.cluster();
    return await readCertificates(config, brokers, tls);
  } finally {
    await view.close();
  }
}

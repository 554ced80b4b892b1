import type { Authority, Certificate } from './authority.ts';
import { startKafka } from './kafka.ts';
import type { KafkaServer } from './kafka.ts';

const NAMES = ['DNS:localhost', 'IP:127.0.0.1'];

/**
 * A Kafka with these doors for clients, and ACLs: whoever has none may nothing. The listener in plain text is for tests: who
 * comes there is a super user.
 *
 * - `GOOD`: TLS and SCRAM-SHA-512; `EXPIRED`: its certificate has expired; `ELSEWHERE`: its certificate is for another name;
 * - `MUTUAL`: TLS, and the certificate of the client says who it is.
 */
export async function startSecureKafka(
  authority: Authority,
  users: Readonly<Record<string, string>>,
): Promise<KafkaServer> {
  const [good, expired, elsewhere] = await Promise.all([
    authority.issue('broker', { names: NAMES }),
    authority.issue('expired', { names: NAMES, days: -1 }),
    authority.issue('elsewhere', { names: ['DNS:kafka.example'] }),
  ]);
  const tls = ({ storeFile }: Certificate) => ({
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': storeFile,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': authority.caFile,
  });
  const scram = {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  };
  return startKafka({
    users,
    doors: [
      { name: 'GOOD', protocol: 'SASL_SSL', properties: { ...tls(good), ...scram } },
      { name: 'EXPIRED', protocol: 'SASL_SSL', properties: { ...tls(expired), ...scram } },
      { name: 'ELSEWHERE', protocol: 'SASL_SSL', properties: { ...tls(elsewhere), ...scram } },
      { name: 'MUTUAL', protocol: 'SSL', properties: { ...tls(good), 'ssl.client.auth': 'required' } },
    ],
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'false',
      'super.users': 'User:ANONYMOUS',
    },
  });
}

import type { Scalar } from '../config/formats.ts';
import { certificateTrouble, isNoTls } from '../tls-trouble.ts';
import { rootOf, whyOf } from './cluster-view.ts';

type Settings = Readonly<Record<string, Scalar>>;

const PEER = {
  peer: 'a broker',
  caFile: 'kafka.tls.caFile (KAFKA_TLS_CA_FILE)',
  addressed: 'address the brokers by a name in it, as their advertised.listeners must, or renew it',
};

/** Why Kafka does not let us in, and what to mend, in one line. `error`: what the second client met. */
export function whyClosed(error: unknown, settings: Settings): string {
  const { code = '', apiId = '' } = rootOf(error);
  const why = whyOf(error);
  const protocol = String(settings['security.protocol'] ?? 'plaintext').toLowerCase();
  const mechanism = String(settings['sasl.mechanism'] ?? settings['sasl.mechanisms'] ?? 'GSSAPI');
  const user = String(settings['sasl.username'] ?? '');
  if (apiId === 'SASL_AUTHENTICATION_FAILED') {
    return `wrong user or password: Kafka refuses the login of ${user} (SASL_AUTHENTICATION_FAILED); mend kafka.sasl (KAFKA_SASL_PASSWORD), or the user in Kafka`;
  }
  if (apiId === 'UNSUPPORTED_SASL_MECHANISM') {
    return `Kafka takes no login by ${mechanism} there (UNSUPPORTED_SASL_MECHANISM); mend kafka.sasl.mechanism`;
  }
  const trouble = certificateTrouble({ code, why }, PEER);
  if (trouble !== null) return trouble;
  if (protocol.endsWith('ssl') && isNoTls({ code, why })) {
    return `no TLS is spoken there: ${why}; mend kafka.brokers, or set kafka.tls.enabled: false if it is meant so`;
  }
  if (/^Connection closed|ECONNRESET/.test(why)) {
    const wanted = {
      plaintext: 'TLS (kafka.tls) or a login (kafka.sasl)',
      sasl_plaintext: 'TLS (kafka.tls)',
      ssl: 'a login (kafka.sasl) or a client certificate (kafka.tls.certFile)',
      sasl_ssl: 'a client certificate (kafka.tls.certFile)',
    }[protocol];
    return `Kafka closes the connection at once: ${why}; perhaps it wants ${wanted ?? 'another security.protocol'}`;
  }
  return why;
}

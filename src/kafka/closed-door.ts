import type { Scalar } from '../config/formats.ts';
import { rootOf, whyOf } from './cluster-view.ts';

type Settings = Readonly<Record<string, Scalar>>;

const UNTRUSTED = [
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_SIGNATURE_FAILURE'],
];

/** Why Kafka lets us not in, and what to mend, in one line. `error`: what the second client met. */
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
  if (code === 'CERT_HAS_EXPIRED') {
    return "a broker's certificate has expired (CERT_HAS_EXPIRED); renew it: `doctor` says whose it is";
  }
  if (UNTRUSTED.includes(code)) {
    return `a broker's certificate is of an authority that is not trusted here: ${why} (${code}); name its authority in kafka.tls.caFile`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `a broker's certificate is for another name: ${why}; address the brokers by a name in it, as their advertised.listeners must, or renew it`;
  }
  if (
    protocol.endsWith('ssl') &&
    (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || why.includes('before secure TLS'))
  ) {
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

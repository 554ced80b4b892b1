import type { ConnectionOptions } from 'node:tls';
import type { Config } from '../config/config.ts';

type Settings = Config['kafka']['librdkafka'];
/** Reads a file that a setting names. */
type ReadFile = (path: string) => Buffer;

/** How the second Kafka client, which can describe configurations, is let in. */
export interface AdminAccess {
  readonly tls?: ConnectionOptions;
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: string;
  };
}

/** The settings of librdkafka hold something that the second client has no word for. */
export class UnsupportedAccess extends Error {}

/** Says the same as `kafka.librdkafka` does. @throws UnsupportedAccess, or what `readFile` throws. */
export function adminAccess(settings: Settings, readFile: ReadFile): AdminAccess {
  const protocol = word(settings, 'security.protocol', 'plaintext');
  switch (protocol) {
    case 'plaintext':
      return {};
    case 'ssl':
      return { tls: tlsOf(settings, readFile) };
    case 'sasl_plaintext':
      return { sasl: saslOf(settings) };
    case 'sasl_ssl':
      return { tls: tlsOf(settings, readFile), sasl: saslOf(settings) };
    default:
      throw new UnsupportedAccess(`security.protocol ${protocol} is not known to it`);
  }
}

function saslOf(settings: Settings): NonNullable<AdminAccess['sasl']> {
  const written = settings['sasl.mechanism'] ?? settings['sasl.mechanisms'] ?? 'GSSAPI';
  const mechanism = String(written).toUpperCase();
  if (mechanism !== 'PLAIN' && mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512') {
    const name = mechanism === 'GSSAPI' ? 'GSSAPI (Kerberos)' : mechanism;
    throw new UnsupportedAccess(`it can not log in by sasl.mechanism ${name}`);
  }
  return { mechanism, username: text(settings, 'sasl.username'), password: text(settings, 'sasl.password') };
}

const IN_FILES_OR_STORES = ['ssl.engine.location', 'ssl.providers', 'ssl.ca.certificate.stores'];

function tlsOf(settings: Settings, readFile: ReadFile): ConnectionOptions {
  const stranger = IN_FILES_OR_STORES.find((name) => settings[name] !== undefined);
  if (stranger !== undefined) throw new UnsupportedAccess(`it does not know ${stranger}`);
  const pem = (name: string): string | Buffer | undefined => {
    const path = text(settings, `ssl.${name}.location`);
    if (path !== '' && path !== 'probe') return readFile(path);
    return text(settings, `ssl.${name}.pem`) || undefined;
  };
  const [ca, cert, key] = [pem('ca'), pem('certificate'), pem('key')];
  const keystore = text(settings, 'ssl.keystore.location');
  const passphrase = text(settings, keystore === '' ? 'ssl.key.password' : 'ssl.keystore.password');
  const verify = settings['enable.ssl.certificate.verification'] ?? true;
  const anyName = word(settings, 'ssl.endpoint.identification.algorithm', 'https') === 'none';
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(keystore === '' ? {} : { pfx: readFile(keystore) }),
    ...(passphrase === '' ? {} : { passphrase }),
    ...(String(verify) === 'false' ? { rejectUnauthorized: false } : {}),
    ...(anyName ? { checkServerIdentity: () => undefined } : {}),
  };
}

function text(settings: Settings, name: string): string {
  return String(settings[name] ?? '');
}

function word(settings: Settings, name: string, otherwise: string): string {
  return (text(settings, name) || otherwise).toLowerCase();
}

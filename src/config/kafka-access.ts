import type { Scalar } from './formats.ts';
import { readPems, tlsNames } from './pem-files.ts';
import type { Reading } from './read-section.ts';
import type { ValuesOf } from './schema.ts';
import { namedSetting, readSecret } from './secret.ts';
import type { kafkaSettings } from './settings/kafka.ts';

type Values = ValuesOf<typeof kafkaSettings>;
type Passed = Readonly<Record<string, Scalar>>;

/** Which names of librdkafka say the same as a setting. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  caFile: ['ssl.ca.location', 'ssl.ca.pem'],
  certFile: ['ssl.certificate.location', 'ssl.certificate.pem', 'ssl.keystore.location'],
  keyFile: ['ssl.key.location', 'ssl.key.pem', 'ssl.keystore.location'],
  mechanism: ['sasl.mechanism', 'sasl.mechanisms'],
  username: ['sasl.username'],
  password: ['sasl.password'],
};

/**
 * `kafka.librdkafka` with what `kafka.tls` and `kafka.sasl` come to, so that every Kafka client is let in by the same words.
 * Like `readSection`: only to be used when no problem was reported.
 */
export function kafkaAccess({ tls, sasl, librdkafka }: Values, reading: Reading): Passed {
  // Undefined where it could not be read, whatever the type says.
  const passed = (librdkafka as Passed | undefined) ?? {};
  const files = tlsNames('kafka.tls', 'KAFKA_TLS', reading);
  readPems(tls, files, reading);
  const password = readSecret(
    {
      path: 'kafka.sasl.password',
      env: 'KAFKA_SASL_PASSWORD',
      value: sasl.password,
      file: sasl.passwordFile,
    },
    reading,
  );
  const names = { ...files, ...saslNames(sasl, reading) };
  const given = { ...tls, ...sasl, password };
  const own: Record<string, Scalar> = {};
  for (const [setting, same] of Object.entries(SAME)) {
    const value = given[setting as keyof typeof given];
    if (typeof value !== 'string') continue;
    const twice = same.find((name) => passed[name] !== undefined);
    const name = names[setting as keyof typeof names];
    if (twice !== undefined) {
      reading.problem(name, `is set beside ${twice} in kafka.librdkafka; keep one of them`);
    }
    own[same[0] ?? ''] = value;
  }
  const logsIn = [sasl.mechanism, sasl.username, sasl.password, sasl.passwordFile].some(Boolean);
  if (logsIn) {
    const there = (name: string): boolean => own[name] !== undefined || passed[name] !== undefined;
    if (!there('sasl.mechanism') && !there('sasl.mechanisms')) own['sasl.mechanism'] = 'SCRAM-SHA-512';
    for (const setting of ['username', 'password'] as const) {
      // A file that can't be used was told already.
      if (there(`sasl.${setting}`) || (setting === 'password' && sasl.passwordFile)) continue;
      reading.problem(
        `kafka.sasl.${setting}`,
        `is required with the rest of kafka.sasl; ${ELSEWHERE[setting]}`,
      );
    }
  }
  const protocol = protocolOf(tls, logsIn, passed, reading);
  if (!protocol.endsWith('ssl')) {
    for (const setting of ['caFile', 'certFile', 'keyFile'] as const) {
      if (tls[setting]) reading.problem(names[setting], 'means nothing without kafka.tls.enabled: true');
    }
  }
  return { ...(protocol === '' ? {} : { 'security.protocol': protocol }), ...passed, ...own };
}

const ELSEWHERE = {
  username: 'it may be in KAFKA_SASL_USERNAME',
  password: 'it may be in KAFKA_SASL_PASSWORD, or in the file that kafka.sasl.passwordFile names',
};

function saslNames(
  sasl: Values['sasl'],
  reading: Reading,
): Record<'mechanism' | 'username' | 'password', string> {
  const password = sasl.passwordFile ? 'passwordFile' : 'password';
  return {
    mechanism: namedSetting('kafka.sasl.mechanism', 'KAFKA_SASL_MECHANISM', reading),
    username: namedSetting('kafka.sasl.username', 'KAFKA_SASL_USERNAME', reading),
    password: namedSetting(
      `kafka.sasl.${password}`,
      password === 'password' ? 'KAFKA_SASL_PASSWORD' : 'KAFKA_SASL_PASSWORD_FILE',
      reading,
    ),
  };
}

/** As librdkafka calls it; empty: nothing is said, and plain text is meant. */
function protocolOf({ enabled }: Values['tls'], logsIn: boolean, passed: Passed, reading: Reading): string {
  const written = passed['security.protocol'];
  if (written === undefined) {
    if (logsIn) return enabled === true ? 'sasl_ssl' : 'sasl_plaintext';
    return enabled === true ? 'ssl' : '';
  }
  const protocol = String(written).toLowerCase();
  // Undefined where it could not be read.
  if (
    (enabled as boolean | null | undefined) !== undefined &&
    enabled !== null &&
    enabled !== protocol.endsWith('ssl')
  ) {
    reading.problem(
      'kafka.tls.enabled',
      `is ${String(enabled)}, and security.protocol in kafka.librdkafka is ${protocol}; remove that`,
    );
  }
  if (logsIn && !protocol.startsWith('sasl_')) {
    reading.problem(
      'kafka.sasl',
      `means nothing while security.protocol in kafka.librdkafka is ${protocol}; remove that`,
    );
  }
  return protocol;
}

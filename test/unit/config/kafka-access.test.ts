import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { kafkaAccess } from '../../../src/config/kafka-access.ts';
import { readSection } from '../../../src/config/read-section.ts';
import { kafkaSettings } from '../../../src/config/settings/kafka.ts';

let directory: string;
const at = (name: string): string => join(directory, name);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'retry-orchestrator-test-'));
  writeFileSync(at('password'), 'hunter2\n');
  writeFileSync(at('empty'), '\n');
  for (const name of ['one', 'other']) {
    const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)];
    const subject = ['-subj', `/CN=${name}`, '-days', '2'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...key, ...files, ...subject], { stdio: 'ignore' });
  }
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function read(written: Record<string, unknown>, env: Record<string, string> = {}) {
  const problems: string[] = [];
  const reading = {
    env,
    problem: (path: string, message: string) => problems.push(`${path}: ${message}`),
  };
  const access = kafkaAccess(readSection(kafkaSettings, written, 'kafka', reading), reading);
  return { access, problems };
}

test('nothing said is plain text, and what is passed on is passed on as it is', () => {
  expect(read({})).toEqual({ access: {}, problems: [] });
  const librdkafka = { 'security.protocol': 'SSL', 'ssl.ca.location': '/ca.pem', 'linger.ms': 5 };
  expect(read({ librdkafka })).toEqual({ access: librdkafka, problems: [] });
});

test('TLS and a login are said in words of librdkafka', () => {
  const tls = { enabled: true, caFile: at('one.crt'), certFile: at('one.crt'), keyFile: at('one.key') };
  const sasl = { mechanism: 'SCRAM-SHA-256', username: 'retries', passwordFile: at('password') };
  expect(read({ tls, sasl })).toEqual({
    problems: [],
    access: {
      'security.protocol': 'sasl_ssl',
      'ssl.ca.location': at('one.crt'),
      'ssl.certificate.location': at('one.crt'),
      'ssl.key.location': at('one.key'),
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.username': 'retries',
      'sasl.password': 'hunter2',
    },
  });
});

test('the environment is enough to log in, by SCRAM-SHA-512', () => {
  const env = {
    KAFKA_SASL_USERNAME: 'retries',
    KAFKA_SASL_PASSWORD: 'hunter2',
    KAFKA_TLS_CA_FILE: at('one.crt'),
  };
  expect(read({ tls: true }, env)).toEqual({
    problems: [],
    access: {
      'security.protocol': 'sasl_ssl',
      'ssl.ca.location': at('one.crt'),
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.username': 'retries',
      'sasl.password': 'hunter2',
    },
  });
});

test('a password of the environment goes with names of librdkafka in the file', () => {
  const librdkafka = {
    'security.protocol': 'sasl_ssl',
    'sasl.mechanisms': 'PLAIN',
    'sasl.username': 'retries',
  };
  expect(read({ librdkafka }, { KAFKA_SASL_PASSWORD: 'hunter2' })).toEqual({
    problems: [],
    access: { ...librdkafka, 'sasl.password': 'hunter2' },
  });
});

test.each<[string, () => { problems: string[] }, RegExp]>([
  [
    'a password written twice',
    () => read({ sasl: { username: 'u', password: 'hunter2', passwordFile: at('password') } }),
    /^kafka\.sasl\.passwordFile: is set beside kafka\.sasl\.password; keep one of them$/,
  ],
  [
    'a password in the environment, and a file with one',
    () => read({ sasl: { username: 'u', passwordFile: at('password') } }, { KAFKA_SASL_PASSWORD: 'hunter2' }),
    /^kafka\.sasl\.passwordFile: is set beside KAFKA_SASL_PASSWORD \(for kafka\.sasl\.password\); keep one/,
  ],
  [
    'a password that librdkafka is given too',
    () =>
      read(
        { sasl: { username: 'u' }, librdkafka: { 'sasl.password': 'hunter2' } },
        { KAFKA_SASL_PASSWORD: 'hunter3' },
      ),
    /^KAFKA_SASL_PASSWORD \(for .*\): is set beside sasl\.password in kafka\.librdkafka; keep one/,
  ],
  [
    'a login without a password',
    () => read({ sasl: { username: 'u' } }),
    /^kafka\.sasl\.password: is required .*KAFKA_SASL_PASSWORD.*passwordFile/,
  ],
  [
    'a login without a user',
    () => read({}, { KAFKA_SASL_PASSWORD: 'hunter2' }),
    /^kafka\.sasl\.username: is required .*KAFKA_SASL_USERNAME/,
  ],
  [
    'a file with nothing in it',
    () => read({ sasl: { username: 'u', passwordFile: at('empty') } }),
    /^kafka\.sasl\.passwordFile: \S+empty is empty; it should hold the password and nothing else$/,
  ],
  [
    'a file that is not there',
    () => read({ sasl: { username: 'u' } }, { KAFKA_SASL_PASSWORD_FILE: at('none') }),
    /^KAFKA_SASL_PASSWORD_FILE \(for kafka\.sasl\.passwordFile\): can't be read: ENOENT/,
  ],
  [
    'an authority without TLS',
    () => read({ tls: { caFile: at('one.crt') } }),
    /^kafka\.tls\.caFile: means nothing without kafka\.tls\.enabled: true$/,
  ],
  [
    'an authority that is no certificate',
    () => read({ tls: { enabled: true, caFile: at('password') } }),
    /^kafka\.tls\.caFile: \S+password does not hold a certificate in PEM form/,
  ],
  [
    'a certificate without its key',
    () => read({ tls: { enabled: true, certFile: at('one.crt') } }),
    /^kafka\.tls\.certFile: needs keyFile/,
  ],
  [
    'the key of another certificate',
    () => read({ tls: { enabled: true, certFile: at('one.crt'), keyFile: at('other.key') } }),
    /^kafka\.tls\.keyFile: does not belong to the first certificate in certFile$/,
  ],
  [
    'TLS, and plain text in librdkafka',
    () => read({ tls: true, librdkafka: { 'security.protocol': 'plaintext' } }),
    /^kafka\.tls\.enabled: is true, and security\.protocol in kafka\.librdkafka is plaintext; remove that$/,
  ],
  [
    'a login, and none in librdkafka',
    () => read({ sasl: { username: 'u', password: 'hunter2' }, librdkafka: { 'security.protocol': 'ssl' } }),
    /^kafka\.sasl: means nothing while security\.protocol in kafka\.librdkafka is ssl; remove that$/,
  ],
])('%s is refused, and no password is shown', (_what, refused, problem) => {
  const { problems } = refused();
  expect(problems).toEqual([expect.stringMatching(problem)]);
  expect(problems.join()).not.toMatch(/hunter/);
});

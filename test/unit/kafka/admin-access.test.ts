import { describe, expect, test } from '@jest/globals';
import { adminAccess, UnsupportedAccess } from '../../../src/kafka/admin-access.ts';

const read = (path: string): Buffer => Buffer.from(`content of ${path}`);

describe('the settings of librdkafka, in the words of the other client', () => {
  test('none: plain text', () => {
    expect(adminAccess({}, read)).toEqual({});
    expect(adminAccess({ 'security.protocol': 'PLAINTEXT' }, read)).toEqual({});
  });

  test('TLS with files', () => {
    const settings = {
      'security.protocol': 'ssl',
      'ssl.ca.location': 'ca.pem',
      'ssl.certificate.location': 'client.pem',
      'ssl.key.location': 'client.key',
      'ssl.key.password': 'secret',
    };
    expect(adminAccess(settings, read)).toEqual({
      tls: { ca: read('ca.pem'), cert: read('client.pem'), key: read('client.key'), passphrase: 'secret' },
    });
  });

  test('TLS with PEM in the settings, or a keystore', () => {
    const pem = {
      'security.protocol': 'SSL',
      'ssl.ca.pem': 'CA',
      'ssl.certificate.pem': 'C',
      'ssl.key.pem': 'K',
    };
    expect(adminAccess(pem, read)).toEqual({ tls: { ca: 'CA', cert: 'C', key: 'K' } });
    const store = {
      'security.protocol': 'ssl',
      'ssl.keystore.location': 'a.p12',
      'ssl.keystore.password': 'secret',
    };
    expect(adminAccess(store, read)).toEqual({ tls: { pfx: read('a.p12'), passphrase: 'secret' } });
  });

  test('TLS that trusts whomever, or whatever the name', () => {
    const settings = { 'security.protocol': 'ssl', 'enable.ssl.certificate.verification': false };
    expect(adminAccess(settings, read)).toEqual({ tls: { rejectUnauthorized: false } });
    const { tls } = adminAccess(
      { 'security.protocol': 'ssl', 'ssl.endpoint.identification.algorithm': 'none' },
      read,
    );
    expect(tls?.checkServerIdentity?.('', {} as never)).toBeUndefined();
  });

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('SASL by %s', (mechanism) => {
    const login = { 'sasl.username': 'me', 'sasl.password': 'secret' };
    const sasl = { mechanism, username: 'me', password: 'secret' };
    expect(
      adminAccess({ 'security.protocol': 'sasl_plaintext', 'sasl.mechanism': mechanism, ...login }, read),
    ).toEqual({ sasl });
    expect(
      adminAccess({ 'security.protocol': 'SASL_SSL', 'sasl.mechanisms': mechanism, ...login }, read),
    ).toEqual({ tls: {}, sasl });
  });

  test.each([
    [{ 'security.protocol': 'sasl_ssl' }, 'it can not log in by sasl.mechanism GSSAPI (Kerberos)'],
    [
      { 'security.protocol': 'sasl_ssl', 'sasl.mechanism': 'OAUTHBEARER' },
      'it can not log in by sasl.mechanism OAUTHBEARER',
    ],
    [
      { 'security.protocol': 'ssl', 'ssl.engine.location': '/hsm.so' },
      'it does not know ssl.engine.location',
    ],
    [{ 'security.protocol': 'tls' }, 'security.protocol tls is not known to it'],
  ])('%j is said to be beyond it', (settings, why) => {
    expect(() => adminAccess(settings as never, read)).toThrow(new UnsupportedAccess(why));
  });
});

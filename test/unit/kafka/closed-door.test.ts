import { expect, test } from '@jest/globals';
import { whyClosed } from '../../../src/kafka/closed-door.ts';
import { whyRefused } from '../../../src/redis/closed-door.ts';

const tls = { 'security.protocol': 'sasl_ssl', 'sasl.username': 'retries', 'sasl.password': 'hunter2' };
const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code });

test.each<[string, unknown, Record<string, string>, RegExp]>([
  ['no server', coded('connect ECONNREFUSED k:9092', 'ECONNREFUSED'), {}, /^connect ECONNREFUSED k:9092$/],
  ['one that closes', new Error('Connection closed'), {}, /perhaps it wants TLS \(kafka\.tls\) or a login/],
  ['one that wants a certificate', new Error('Connection closed'), tls, /client certificate \(kafka\.tls/],
  ['a wrapped one', new AggregateError([coded('x', 'CERT_HAS_EXPIRED')], 'failed'), tls, /has expired/],
])('Kafka: %s', (_what, error, settings, said) => {
  const why = whyClosed(error, settings);
  expect(why).toMatch(said);
  expect(why).not.toContain('hunter2');
});

test.each<[string, unknown, RegExp]>([
  ['no login', new Error('NOAUTH Authentication required.'), /wants a user and a password: NOAUTH/],
  ['one that may not', new Error("NOPERM this user has no permissions to run the 'xadd' command"), /'xadd'/],
  [
    'a script that may not',
    new Error("ACL failure in script: User 'x' has no permissions"),
    /may not do all/,
  ],
  ['one that wants TLS', coded('read ECONNRESET', 'ECONNRESET'), /perhaps it wants TLS \(rediss/],
  ['another name', coded('altnames', 'ERR_TLS_CERT_ALTNAME_INVALID'), /redis\.tls\.serverName/],
  ['no server', coded('connect ECONNREFUSED r:6379', 'ECONNREFUSED'), /^connect ECONNREFUSED r:6379$/],
])('Redis: %s', (_what, error, said) => {
  expect(whyRefused(error)).toMatch(said);
});

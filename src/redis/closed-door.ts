import { certificateTrouble, isNoTls } from '../tls-trouble.ts';

const PEER = {
  peer: 'Redis',
  caFile: 'redis.tls.caFile (REDIS_TLS_CA_FILE)',
  addressed: 'address Redis by a name in it, or say the name in redis.tls.serverName',
};

/** Why Redis does not let us in, and what to mend, in one line; what needs no explanation as it is. */
export function whyRefused(error: unknown): string {
  const { message = String(error), code = '' } = error as { message?: string; code?: string };
  const failure = { code, why: message };
  const trouble = certificateTrouble(failure, PEER);
  if (trouble !== null) return trouble;
  if (isNoTls(failure))
    return `no TLS is spoken there: ${message}; write redis:// in redis.url, or mend the port`;
  if (message.startsWith('WRONGPASS')) {
    return `wrong user or password: ${message}; mend redis.username and redis.password (REDIS_PASSWORD), or the user in Redis`;
  }
  if (message.startsWith('NOAUTH')) {
    return `it wants a user and a password: ${message} Set redis.username and redis.password (REDIS_USERNAME, REDIS_PASSWORD)`;
  }
  if (/NOPERM|ACL failure/.test(message)) {
    return `its user may not do all that it has to: ${message}; doctor --print-acls prints what it needs`;
  }
  if (code === 'ECONNRESET' || message.startsWith('Connection is closed')) {
    return `Redis closes the connection at once: ${message}; perhaps it wants TLS (rediss:// in redis.url)`;
  }
  return message;
}

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files in PEM form. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** Both of them in one file, as Kafka's brokers want it. */
  readonly storeFile: string;
}

/** What a certificate is for, and how long it is good. */
export interface Wanted {
  /** As openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names: readonly string[];
  /** From now on; negative: it has expired so many days ago. Default 2. */
  readonly days?: number;
}

/** A certificate authority in a directory of its own, for servers on this machine. Needs openssl. */
export class Authority {
  readonly caFile: string;
  readonly #at: (name: string) => string;

  private constructor(directory: string) {
    this.#at = (name) => join(directory, name);
    this.caFile = this.#at('ca.crt');
  }

  static async open(directory: string): Promise<Authority> {
    const authority = new Authority(directory);
    const files = ['-keyout', authority.#at('ca.key'), '-out', authority.caFile];
    await run('openssl', [
      'req',
      '-x509',
      ...NEW_KEY,
      ...files,
      '-subj',
      '/CN=authority of a test',
      '-days',
      '2',
    ]);
    return authority;
  }

  /** Makes the files `<name>.crt`, `.key` and `.pem`, and can do so again while servers use them. */
  async issue(name: string, { names, days = 2 }: Wanted): Promise<Certificate> {
    const at = (ending: string): string => this.#at(`${name}.${ending}`);
    // Each in files of its own: several may be made at once.
    await writeFile(at('ext'), `subjectAltName=${names.join(',')}\n`);
    const request = ['-keyout', at('key'), '-out', at('csr'), '-subj', `/CN=${name}`];
    await run('openssl', ['req', ...NEW_KEY, ...request]);
    const signed = ['-CA', this.caFile, '-CAkey', this.#at('ca.key'), '-days', String(days)];
    const serial = ['-set_serial', `0x${randomBytes(8).toString('hex')}`];
    const files = ['-in', at('csr'), '-extfile', at('ext'), '-out', at('crt')];
    await run('openssl', ['x509', '-req', ...signed, ...serial, ...files]);
    await copyFile(at('key'), at('pem'));
    await appendFile(at('pem'), await readFile(at('crt')));
    return { certFile: at('crt'), keyFile: at('key'), storeFile: at('pem') };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Reading } from './read-section.ts';
import { namedSetting } from './secret.ts';

/** The files of a `tls` section; undefined where one could not be read, which was told already. */
interface PemFiles {
  readonly caFile: string | null | undefined;
  readonly certFile: string | null | undefined;
  readonly keyFile: string | null | undefined;
}

export interface Pems {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** Which setting a path is of, and the environment variable that may have given it. */
type Names = Readonly<Record<keyof PemFiles, string>>;

/** The section's settings as a message names them. `prefix` of the environment: `KAFKA_TLS`. */
export function tlsNames(path: string, prefix: string, reading: Reading): Names {
  return {
    caFile: namedSetting(`${path}.caFile`, `${prefix}_CA_FILE`, reading),
    certFile: namedSetting(`${path}.certFile`, `${prefix}_CERT_FILE`, reading),
    keyFile: namedSetting(`${path}.keyFile`, `${prefix}_KEY_FILE`, reading),
  };
}

/** What the files hold. What could never work is told now, and not by a handshake. */
export function readPems({ caFile, certFile, keyFile }: PemFiles, names: Names, reading: Reading): Pems {
  const ca = readPem(caFile, names.caFile, 'a certificate', addAuthorities, reading);
  const cert = readPem(certFile, names.certFile, 'a certificate', parseCertificate, reading);
  const key = readPem(keyFile, names.keyFile, 'a key without a password', createPrivateKey, reading);
  if (certFile && !keyFile) reading.problem(names.certFile, 'needs keyFile: the key that belongs to it');
  if (keyFile && !certFile)
    reading.problem(names.keyFile, 'needs certFile: the certificate that it belongs to');
  if (cert !== null && key !== null && !new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    reading.problem(names.keyFile, 'does not belong to the first certificate in certFile');
  }
  return { ca, cert, key };
}

function addAuthorities(pem: string): void {
  parseCertificate(pem);
  createSecureContext({ ca: pem });
}

function parseCertificate(pem: string): void {
  new X509Certificate(pem);
}

function readPem(
  file: string | null | undefined,
  name: string,
  what: string,
  parse: (pem: string) => unknown,
  reading: Reading,
): string | null {
  if (!file) return null;
  try {
    const pem = readFileSync(file, 'utf8');
    try {
      parse(pem);
      return pem;
    } catch {
      reading.problem(name, `${file} does not hold ${what} in PEM form (-----BEGIN …)`);
    }
  } catch (error) {
    reading.problem(name, `can't be read: ${(error as Error).message}`);
  }
  return null;
}

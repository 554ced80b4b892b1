const UNTRUSTED = [
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_SIGNATURE_FAILURE'],
];

/** What is said of a handshake that failed: by Node.js' code for it, and its message. */
interface Failure {
  readonly code: string;
  readonly why: string;
}

/** Who showed the certificate (`a broker`), and the setting that names whom to trust. */
interface Peer {
  readonly peer: string;
  readonly caFile: string;
  /** How to come by a name that is in the certificate. */
  readonly addressed: string;
}

/** Why a certificate was not taken, and what to mend; null: that is not what went wrong. */
export function certificateTrouble({ code, why }: Failure, { peer, caFile, addressed }: Peer): string | null {
  if (code === 'CERT_HAS_EXPIRED') {
    return `the certificate of ${peer} has expired (CERT_HAS_EXPIRED): renew it; doctor says when it expired`;
  }
  if (UNTRUSTED.includes(code)) {
    return `the certificate of ${peer} is of an authority that is not trusted here: ${why} (${code}); name its authority in ${caFile}`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate of ${peer} is for another name: ${why.trim()}; ${addressed}`;
  }
  return null;
}

/** The other end does not answer in TLS. */
export function isNoTls({ code, why }: Failure): boolean {
  return code === 'ERR_SSL_WRONG_VERSION_NUMBER' || why.includes('before secure TLS');
}

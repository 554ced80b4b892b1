import type { CertificateSeen } from '../certificates/read-certificates.ts';
import { type Finding, unreadable } from './finding.ts';

const DAY = 86_400_000;
const SOON = 30;

export function certificateFindings(certificates: readonly CertificateSeen[], now: number): Finding[] {
  return certificates.map(({ subject, expires }): Finding => {
    if (expires.kind === 'unreadable') return unreadable(subject, 'its certificate', expires.why);
    const days = Math.floor((expires.value - now) / DAY);
    const at = new Date(expires.value).toISOString().slice(0, 10);
    if (days < 0) {
      return {
        ...{ severity: 'error', code: 'certificate-expired', subject },
        what: `its certificate expired on ${at}`,
        cost: 'no new connection is made',
        remedy: 'renew it',
      };
    }
    const what = `its certificate expires in ${days === 1 ? '1 day' : `${String(days)} days`}, on ${at}`;
    if (days >= SOON)
      return { ...{ severity: 'note', code: 'certificate' }, subject, what, cost: '', remedy: '' };
    return {
      ...{ severity: 'warning', code: 'certificate-expires', subject },
      what,
      cost: 'from then on no new connection is made',
      remedy: 'renew it',
    };
  });
}

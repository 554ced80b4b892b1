const WIDTH = 24;

/** `████████░░░░░░░░  33 %` */
export function progressBar(part: number, whole: number): string {
  const share = whole <= 0 ? 1 : Math.min(1, Math.max(0, part / whole));
  const full = Math.floor(share * WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

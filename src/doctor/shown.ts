const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** As the configuration writes it, in the largest unit that it has at least one of: `7d`, `1.5h`, `250ms`. */
export function shownDuration(ms: number): string {
  for (const [unit, size] of UNITS) {
    if (ms >= size) return `${String(Math.round((ms / size) * 10) / 10)}${unit}`;
  }
  return `${String(Math.round(ms))}ms`;
}

/** Likewise: `64KiB`, `1.5GiB`. */
export function shownSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${String(Math.round((bytes / 2 ** (10 * power)) * 10) / 10)}${units[power] ?? ''}`;
}

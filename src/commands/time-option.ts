import { CommandError, EXIT } from './api/command-error.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Epoch ms, of a time like `2026-11-21T18:00:00Z` or of how long ago it was: `30m`, `24h`. */
export function timeOption(text: string, now: number, name: string): number {
  const [, digits, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (digits !== undefined) return Math.max(0, now - Number(digits) * (UNITS[unit] ?? 0));
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) {
    throw new CommandError(
      EXIT.usage,
      `${name}: ${text} is neither a time like 2026-11-21T18:00:00Z nor 24h`,
    );
  }
  return time;
}

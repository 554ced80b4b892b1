import { duration } from '../config/formats.ts';
import { invalid } from './keys.ts';

/** Epoch ms, of a time, of how long ago it was, or of themselves. `name`: of the field, for the refusal. */
export function timeOf(text: string, now: number, name: string): number {
  if (/^\d{13}$/.test(text)) return Number(text);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return Math.max(0, time);
  try {
    return Math.max(0, now - duration().parse(text));
  } catch {
    throw invalid(
      `${name} is neither a time like 2026-11-21T18:00:00Z nor a duration like 24h, nor epoch ms`,
    );
  }
}

/** `BENCH_SCALE=0.1 make bench` measures with a tenth, to try something out; figures are not to be kept then. */
export const SCALE = Number(process.env['BENCH_SCALE'] ?? 1);

export function scaled(count: number): number {
  return Math.max(1, Math.round(count * SCALE));
}

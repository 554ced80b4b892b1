/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** A quantile of a histogram in Prometheus' text format, as `histogram_quantile` estimates it: linear within a bucket. */
export function histogramQuantile(text: string, name: string, share: number): number {
  const buckets = [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)".*\\} (\\d+)$`, 'gm'))].map(
    ([, bound, count]) => ({ bound: bound === '+Inf' ? Infinity : Number(bound), count: Number(count) }),
  );
  const wanted = share * (buckets.at(-1)?.count ?? NaN);
  let below = { bound: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= wanted) {
      const part = (wanted - below.count) / (bucket.count - below.count);
      return below.bound + part * (bucket.bound - below.bound);
    }
    below = bucket;
  }
  return NaN;
}

/** The sum of a metric over all its labels, in Prometheus' text format. */
export function metricSum(text: string, name: string): number {
  const samples = text.matchAll(new RegExp(`^retry_orchestrator_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
  return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
}

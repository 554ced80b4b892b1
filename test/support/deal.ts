/** Seconds of the test files that take long on two idle cores. The others take some five. */
const LONG: Readonly<Record<string, number>> = {
  'end-to-end/kafka-faults': 80,
  'end-to-end/redrive-killed': 30,
  'end-to-end/topics-made-anew': 30,
  'end-to-end/redis-failover': 28,
  'end-to-end/redis-loss': 26,
  'end-to-end/redrive': 25,
  'end-to-end/breaker': 24,
  'end-to-end/backpressure': 24,
  'end-to-end/crashes': 20,
  'end-to-end/replicas': 20,
  'end-to-end/stream': 20,
  'end-to-end/switches': 20,
  'end-to-end/partitions-added': 19,
  'end-to-end/fencing': 17,
  'end-to-end/moved-offsets': 17,
  'end-to-end/environment-guard': 16,
  'end-to-end/going-alone': 15,
  'end-to-end/timing': 15,
  'end-to-end/bad-input': 13,
  'end-to-end/without-gate': 13,
  'integration/kafka/place-reader': 30,
  'integration/penalty-box/box-model': 20,
  'integration/kafka/offsets': 18,
  'integration/doctor/doctor': 10,
  'integration/http/many-locks': 10,
  'integration/redis/cluster': 10,
};

const USUAL = 5;

/** Deals test files into parts that take about as long as one another: the longest first, each to whom has the least. */
export function deal(files: readonly string[], parts: number): string[][] {
  const hands = Array.from({ length: parts }, () => ({ files: [] as string[], seconds: 0 }));
  const seconds = (file: string): number => LONG[file.replace(/^test\/|\.test\.ts$/g, '')] ?? USUAL;
  for (const file of [...files].sort((a, b) => seconds(b) - seconds(a))) {
    const least = hands.reduce((least, hand) => (hand.seconds < least.seconds ? hand : least));
    least.files.push(file);
    least.seconds += seconds(file);
  }
  return hands.map((hand) => hand.files);
}

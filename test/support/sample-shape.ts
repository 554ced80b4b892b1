/** A sample of a command without what differs from one time to the next: numbers, times, ids, and how wide columns are. */
export function shapeOf(output: string): string[] {
  return output
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
        .replaceAll(/\d[\d.,]* (?:ms|s|min|h|d)\b(?: \d+ (?:min|h)\b)?/g, '<span>')
        .replaceAll(/\bin <span>|<span> ago|\bnow\b/g, '<when>')
        .replaceAll(/\b(?=[\w-]*\d)[0-9a-f]+(?:-[0-9a-f]+){2,}\b|\br-[\w-]{12}/g, '<id>')
        .replaceAll(/\d[\d.,]*/g, '<n>')
        .replaceAll(/ +/g, ' ')
        .trim(),
    );
}

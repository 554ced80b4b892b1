/** Shorter ones could be tried out. */
const SHORTEST = 16;

/** RFC 6750: what may stand behind `Bearer`. */
const FORM = /^[A-Za-z0-9._~+/-]+=*$/;

/** The tokens in a file or a variable: one a line. Empty lines and those that begin with `#` are passed over. */
export function tokensIn(content: string): { tokens: string[]; refused: number } {
  const lines = content
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const tokens = lines.filter((line) => line.length >= SHORTEST && FORM.test(line));
  return { tokens, refused: lines.length - tokens.length };
}

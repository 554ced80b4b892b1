/**
 * Text of others for a terminal: keys and error messages may hold what moves the cursor, turns the writing around or ends the
 * line. Such characters are shown by their number.
 */
export function plain(text: string): string {
  return text.replaceAll(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

// Controls, separators of lines, marks of direction, and what has no width.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

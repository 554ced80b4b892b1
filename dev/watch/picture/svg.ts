/** The place of a panel in a picture, px. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a panel's drawing is made of. */
export type Drawing = readonly string[];

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** Cut where it would run out of its box; letters are about 8 px wide. */
export function fitting(text: string, width: number): string {
  const most = Math.max(3, Math.floor(width / 7.6));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

export function round(value: number): number {
  return Number(value.toFixed(1));
}

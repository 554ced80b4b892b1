import { type Box, type Drawing, escaped } from './svg.ts';

export const WIDTH = 1_320;
const GAP = 8;
const HEAD = 44;

/** Readable on white and on black: the page that shows it may be either. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .sheet { font-size: 17px; font-weight: 600 } .name { font-weight: 600 } .big { font-weight: 600 }
  .head { font-weight: 600; fill: #59636e } .small { font-size: 10px }
  .panel { fill: none; stroke: #d1d9e0 }
  .course { fill: none; stroke-width: 1.5; opacity: 0.5 }
  text.green { fill: #1a7f37 } text.orange { fill: #9a6700 } text.red { fill: #cf222e }
  rect.green { fill: #2da44e } rect.orange { fill: #d4a72c } rect.red { fill: #cf222e } rect.plain { fill: #59636e }
  .course.green { stroke: #1a7f37 } .course.orange { stroke: #9a6700 } .course.red { stroke: #cf222e }
  .cell { fill: #bc4c00 } .band { shape-rendering: crispEdges }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .head { fill: #9198a1 } .panel { stroke: #30363d }
    text.green { fill: #3fb950 } text.orange { fill: #d29922 } text.red { fill: #f85149 }
    .cell { fill: #f0883e }
  }`;

/** A panel that waits for its place. */
export interface Placed {
  /** Of 24. */
  readonly width: number;
  readonly height: number;
  readonly draw: (box: Box) => Drawing;
}

/** Panels from left to right, and in the next line where there is no more room. Pure. */
export function sheet(title: string, panels: readonly Placed[]): string {
  const drawn: string[] = [];
  let [x, y, line, used] = [0, HEAD, 0, 0];
  for (const panel of panels) {
    if (used + panel.width > 24) [x, y, line, used] = [0, y + line + GAP, 0, 0];
    const width = (WIDTH * panel.width) / 24 - GAP;
    const box = { x: x + GAP / 2, y, width, height: panel.height };
    drawn.push(
      `<rect class="panel" x="${box.x}" y="${y}" width="${width}" height="${panel.height}" rx="4"/>`,
      ...panel.draw(box),
    );
    x += width + GAP;
    used += panel.width;
    line = Math.max(line, panel.height);
  }
  const height = y + line + GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<text class="sheet" x="6" y="28">${escaped(title)}</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

interface Deps {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** As in https://no-color.org: anything but nothing. */
  readonly noColor: boolean;
}

/** Where a command writes, and whom it asks. */
export class Terminal {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Columns to stay within; a file has no end of a line. */
  get width(): number {
    const { isTTY, columns } = this.#deps.stdout;
    return isTTY === true && columns !== undefined ? columns : Infinity;
  }

  /** Somebody looks at stderr: a progress bar is for them. */
  get watched(): boolean {
    return this.#deps.stderr.isTTY === true;
  }

  print(text: string): void {
    this.#deps.stdout.write(`${text}\n`);
  }

  /** One JSON document, as a program wants it. */
  json(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  complain(text: string): void {
    this.#deps.stderr.write(`${text}\n`);
  }

  /** Writes over the line that was written so before. */
  progress(line: string): void {
    if (this.watched) this.#deps.stderr.write(`\r\u001b[2K${line}`);
  }

  bold(text: string): string {
    return this.#coloured ? `\u001b[1m${text}\u001b[22m` : text;
  }

  red(text: string): string {
    return this.#coloured ? `\u001b[31m${text}\u001b[39m` : text;
  }

  /** Asks where there is somebody to answer; a script has decided when it was written. */
  async confirmed(question: string): Promise<boolean> {
    const { stdin, stderr } = this.#deps;
    if (stdin.isTTY !== true || stderr.isTTY !== true) return true;
    stderr.write(`${question} [y/N] `);
    const lines = createInterface({ input: stdin });
    try {
      // Nobody who ends the input has agreed.
      for await (const line of lines) return /^y(es)?$/i.test(line.trim());
      return false;
    } finally {
      lines.close();
    }
  }

  get #coloured(): boolean {
    return this.#deps.stdout.isTTY === true && !this.#deps.noColor;
  }
}

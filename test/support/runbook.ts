import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const RUNBOOK = join(import.meta.dirname, '../../docs/runbook');

export interface Page {
  /** Of its file, without `.md`. */
  readonly name: string;
  readonly text: string;
}

/** What a command showed, in a page: a block of its own, below a comment that names the situation. */
export interface Sample {
  readonly page: string;
  readonly situation: string;
  readonly command: string;
  readonly output: string;
}

export function runbookPages(): readonly Page[] {
  return readdirSync(RUNBOOK)
    .filter((file) => file.endsWith('.md'))
    .map((file) => ({ name: file.slice(0, -3), text: readFileSync(join(RUNBOOK, file), 'utf8') }));
}

const SAMPLE = /<!-- sample: (.+) -->\n\n```console\n\$ (.+)\n([\s\S]*?)```/g;

export function samplesOf({ name, text }: Page): readonly Sample[] {
  return [...text.matchAll(SAMPLE)].map(([, situation = '', command = '', output = '']) => ({
    ...{ page: name, situation, command, output },
  }));
}

/** The page with other outputs: what a test has seen. */
export function withOutputs({ text }: Page, outputOf: (sample: Omit<Sample, 'page'>) => string): string {
  return text.replaceAll(SAMPLE, (block, situation: string, command: string, output: string) =>
    block.replace(`${command}\n${output}`, () => `${command}\n${outputOf({ situation, command, output })}`),
  );
}

/** The words of a command line, as a shell would take them. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

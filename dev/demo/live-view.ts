import type { ServiceFigures } from './service-view.ts';

export interface Reading {
  readonly seconds: number;
  readonly phase: string;
  readonly messages: number;
  readonly produced: number;
  readonly succeeded: number;
  readonly retried: number;
  readonly deadLetters: number;
  readonly lag: number;
  /** Undefined while the service does not answer. */
  readonly service: ServiceFigures | undefined;
}

const LINE_EVERY_MS = 2_000;
const BAR = 30;

/** What is seen while it runs: a block that is written anew on a terminal, else a line every two seconds. */
export class LiveView {
  readonly #out: NodeJS.WriteStream;
  #height = 0;
  #lastLine = -Infinity;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(reading: Reading): void {
    if (this.#out.isTTY) this.#repaint(blockOf(reading));
    else if (reading.seconds * 1_000 - this.#lastLine >= LINE_EVERY_MS) {
      this.#lastLine = reading.seconds * 1_000;
      this.#out.write(`${lineOf(reading)}\n`);
    }
  }

  /** Something that happened once; it stays, above the block. */
  say(text: string): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  #repaint(lines: readonly string[]): void {
    this.#clear();
    this.#out.write(`${lines.join('\n')}\n`);
    this.#height = lines.length;
  }

  #clear(): void {
    if (this.#height > 0) this.#out.write(`\x1b[${this.#height}A\x1b[J`);
    this.#height = 0;
  }
}

export function lineOf(reading: Reading): string {
  const { seconds, messages, produced, succeeded, retried, deadLetters, lag, service } = reading;
  const locks = service
    ? `locked ${service.locked}  held ${service.held}  oldest ${service.oldestLockSeconds.toFixed(1)} s`
    : 'service does not answer';
  return (
    `${seconds.toFixed(0).padStart(3)} s  produced ${produced}/${messages}  handled ${succeeded}  ${locks}  ` +
    `retried ${retried}  dead letters ${deadLetters}  lag ${lag}`
  );
}

export function blockOf(reading: Reading): string[] {
  const { seconds, phase, messages, produced, succeeded, retried, deadLetters, lag, service } = reading;
  const ofService = (figure: (figures: ServiceFigures) => string): string =>
    service ? figure(service) : '–';
  const row = (name: string, value: string, more = ''): string =>
    `  ${name.padEnd(14)}${value.padStart(8)}  ${more}`;
  return [
    '',
    `  ${phase} (${seconds.toFixed(0)} s)`,
    '',
    row('produced', String(produced), bar(produced / messages)),
    row('handled', String(succeeded), bar(succeeded / messages)),
    row(
      'locked keys',
      ofService(({ locked }) => String(locked)),
    ),
    row(
      'held',
      ofService(({ held }) => String(held)),
      'messages that wait for their turn or their time',
    ),
    row('retried', String(retried), 'handler calls after the first, and of messages that waited'),
    row('dead letters', String(deadLetters)),
    row(
      'oldest lock',
      ofService(({ oldestLockSeconds }) => `${oldestLockSeconds.toFixed(1)} s`),
    ),
    row('lag', String(lag), 'records that the consumer group has not committed yet'),
    '',
  ];
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR);
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

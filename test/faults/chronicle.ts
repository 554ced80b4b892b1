import type { HistoryLine, Redriven, Sent } from './history.ts';

/** All that was written down so far, and what is still open. */
export class Chronicle {
  readonly lines: HistoryLine[] = [];
  readonly #unresolved = new Map<string, Sent>();
  /** When each was resolved last. */
  readonly #resolved = new Map<string, number>();
  /** The origins of the calls that run, by consumer and number. */
  readonly #running = new Map<string, string>();
  #sent = 0;

  add(line: HistoryLine): void {
    this.lines.push(line);
    switch (line.type) {
      case 'sent':
        this.#sent += 1;
        // It may have been handled before Kafka's acknowledgement arrived here.
        if (!this.#resolved.has(originOf(line))) this.#unresolved.set(originOf(line), line);
        break;
      case 'begun':
        this.#running.set(`${line.consumer}/${line.call}`, originOf(line));
        break;
      case 'ended': {
        const call = `${line.consumer}/${line.call}`;
        const origin = this.#running.get(call);
        this.#running.delete(call);
        if (line.result === 'succeeded' && origin !== undefined) this.#resolve(origin, line.at);
        break;
      }
      case 'dead-letter':
        this.#resolve(originOf(line), line.at);
        break;
      case 'redriven':
        // It may have been handled again before its record was read here.
        if ((this.#resolved.get(originOf(line)) ?? 0) < line.at)
          this.#unresolved.set(originOf(line), asSent(line));
        break;
      default:
    }
  }

  get sent(): number {
    return this.#sent;
  }

  /** Sent or redriven, and since then neither handled with success nor dead-lettered. */
  get unresolved(): Sent[] {
    return [...this.#unresolved.values()];
  }

  /** In the order of time; what one process wrote stays in its own order. */
  get sorted(): HistoryLine[] {
    return [...this.lines].sort((a, b) => a.at - b.at);
  }

  #resolve(origin: string, at: number): void {
    this.#resolved.set(origin, Math.max(at, this.#resolved.get(origin) ?? 0));
    this.#unresolved.delete(origin);
  }
}

/** To those who handle it, it is a message that has just been sent. */
export function asSent({ at, route, partition, offset, key, seq }: Redriven): Sent {
  return { type: 'sent', at, route, partition, offset, key, seq };
}

function originOf({ route, partition, offset }: Pick<Sent, 'route' | 'partition' | 'offset'>): string {
  return `${route}/${partition}/${offset}`;
}

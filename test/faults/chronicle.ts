import type { HistoryLine, Sent } from './history.ts';

/** All that was written down so far, and what is still open. */
export class Chronicle {
  readonly lines: HistoryLine[] = [];
  readonly #unresolved = new Map<string, Sent>();
  readonly #resolved = new Set<string>();
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
        if (line.result === 'succeeded' && origin !== undefined) this.#resolve(origin);
        break;
      }
      case 'dead-letter':
        this.#resolve(originOf(line));
        break;
      default:
    }
  }

  get sent(): number {
    return this.#sent;
  }

  /** Sent, and neither handled with success nor dead-lettered. */
  get unresolved(): Sent[] {
    return [...this.#unresolved.values()];
  }

  /** In the order of time; what one process wrote stays in its own order. */
  get sorted(): HistoryLine[] {
    return [...this.lines].sort((a, b) => a.at - b.at);
  }

  #resolve(origin: string): void {
    this.#resolved.add(origin);
    this.#unresolved.delete(origin);
  }
}

function originOf({ route, partition, offset }: Pick<Sent, 'route' | 'partition' | 'offset'>): string {
  return `${route}/${partition}/${offset}`;
}

import { connect, type Socket } from 'node:net';
import type { Clock, Timer } from '../../src/clock.ts';

interface Deps {
  /** The client's side, just accepted. */
  readonly client: Socket;
  /** Where the server listens. */
  readonly port: number;
  readonly clock: Clock;
  readonly latencyMs: () => number;
  readonly onEnd: () => void;
}

/** One client's connection and the one to the server that belongs to it. It begins held: nothing passes before `release`. */
export class ProxiedConnection {
  readonly #deps: Deps;
  #ways: readonly Way[] = [];
  #server: Socket | undefined;
  #ended = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#watch(deps.client);
    deps.client.pause();
  }

  hold(): void {
    for (const way of this.#ways) way.hold();
  }

  /** Connects to the server if that was not done before, and lets pass what waited. */
  release(): void {
    if (this.#server === undefined) this.#connect();
    for (const way of this.#ways) way.release();
  }

  reset(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const way of this.#ways) way.end();
    this.#deps.client.resetAndDestroy();
    this.#server?.resetAndDestroy();
    this.#deps.onEnd();
  }

  #connect(): void {
    const { client, port, clock, latencyMs } = this.#deps;
    const server = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    this.#server = server;
    this.#watch(server);
    server.once('connect', () => {
      // While nobody listens there, the kernel may take the server's own port for ours, and connect us to ourselves.
      if (server.localPort === port) this.reset();
    });
    this.#ways = [new Way(client, server, clock, latencyMs), new Way(server, client, clock, latencyMs)];
  }

  #watch(socket: Socket): void {
    // Whatever happens to one side happens to the other. A side that is gone in peace has said `end` before.
    socket.on('error', () => {
      this.reset();
    });
    socket.on('close', () => {
      if (this.#deps.client.closed && (this.#server?.closed ?? true)) this.reset();
    });
  }
}

/** What goes one way, in its order. */
class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #clock: Clock;
  /** With the moment at which it is to be passed on; null is the end of the stream. */
  readonly #late: { readonly chunk: Buffer | null; readonly at: number }[] = [];
  #timer: Timer | undefined;
  #held = false;

  constructor(from: Socket, to: Socket, clock: Clock, latencyMs: () => number) {
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    const take = (chunk: Buffer | null): void => {
      this.#late.push({ chunk, at: clock.monotonic() + latencyMs() });
      this.#pass();
    };
    from.on('data', take);
    from.on('end', () => {
      take(null);
    });
    to.on('drain', () => {
      if (!this.#held) from.resume();
    });
  }

  hold(): void {
    this.#held = true;
    this.#from.pause();
  }

  release(): void {
    this.#held = false;
    this.#from.resume();
    this.#pass();
  }

  end(): void {
    this.#held = true;
    this.#timer?.cancel();
  }

  #pass(): void {
    if (this.#held || this.#timer !== undefined) return;
    for (let [next] = this.#late; next !== undefined; [next] = this.#late) {
      const missing = next.at - this.#clock.monotonic();
      if (missing > 0) {
        this.#timer = this.#clock.after(missing, () => {
          this.#timer = undefined;
          this.#pass();
        });
        return;
      }
      this.#late.shift();
      if (next.chunk === null) this.#to.end();
      else if (!this.#to.write(next.chunk)) this.#from.pause();
    }
  }
}

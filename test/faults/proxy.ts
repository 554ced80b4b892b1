import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Clock, systemClock } from '../../src/clock.ts';
import { ProxiedConnection } from './proxied-connection.ts';

/**
 * Stands between clients and one server, and does to their connections what networks do. `open` lets everything pass,
 * `latencyMs` later in each direction. `cut` resets what is connected and whoever connects. `silent` is a black hole:
 * nothing passes, connections stay, new ones are accepted and hang; once `open` again they go on, as TCP would.
 */
export class Proxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #connections = new Set<ProxiedConnection>();
  #target: number | undefined;
  #state: 'open' | 'cut' | 'silent' = 'open';
  #latencyMs = 0;

  private constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      this.#accept(client);
    });
  }

  static async listen(clock: Clock = systemClock): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // Who is in between keeps nobody alive.
    server.unref();
    return new Proxy(server, clock);
  }

  /** The port of the server. Until it is known, nobody gets through. */
  forwardTo(port: number): void {
    this.#target = port;
  }

  get connections(): number {
    return this.#connections.size;
  }

  cut(): void {
    this.#state = 'cut';
    this.reset();
  }

  silence(): void {
    this.#state = 'silent';
    for (const connection of this.#connections) connection.hold();
  }

  /** What passes from now on is late by so much. */
  slow(latencyMs: number): void {
    this.#latencyMs = latencyMs;
  }

  /** Ends the connections that there are, as a firewall does that has forgotten them. */
  reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  /** Ends a cut or a silence. */
  open(): void {
    this.#state = 'open';
    for (const connection of this.#connections) connection.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#state === 'cut' || this.#target === undefined) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const connection = new ProxiedConnection({
      ...{ client, port: this.#target, clock: this.#clock },
      latencyMs: () => this.#latencyMs,
      onEnd: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    if (this.#state === 'open') connection.release();
  }
}

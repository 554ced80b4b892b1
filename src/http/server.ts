import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';

interface Deps {
  readonly app: FastifyInstance;
  /** Port 0 takes any free one. */
  readonly http: { readonly host: string; readonly port: number };
  readonly logger: Logger;
  readonly clock: Clock;
}

/** How long requests may take that are under way when the service stops. */
const GRACE_MS = 5_000;

/** The API on its port. */
export class HttpServer implements Component {
  readonly #deps: Deps;
  #stopping: Promise<void> | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { app, http, logger } = this.#deps;
    const { host, port } = http;
    await app.listen({ host, port });
    logger.info({ event: 'http_listening', host, port: this.port }, 'the HTTP API answers');
  }

  /** The port that it listens on; the wished one before it does. */
  get port(): number {
    const address = this.#deps.app.server.address() as AddressInfo | null;
    return address?.port ?? this.#deps.http.port;
  }

  /** Answers what was asked, then closes; after a while without those answers. */
  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  async #close(): Promise<void> {
    const { app, clock } = this.#deps;
    const deadline = clock.after(GRACE_MS, () => {
      app.server.closeAllConnections();
    });
    try {
      await app.close();
    } finally {
      deadline.cancel();
    }
  }
}

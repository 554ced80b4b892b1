import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

const grace = 2_000;

/** Timers and file accesses of jest itself come and go: those a test leaves behind are found by fail-on-leak.ts. */
const ofJestItself = new Set(['Timeout', 'Immediate', 'FSReqCallback', 'FSReqPromise']);

/**
 * Fails a test file that leaves a socket, a server or a child process open: it would slow or break another file. And one in
 * which a promise was rejected before anybody listened to it: that ends a service, though somebody would have listened later.
 */
export default class LeakCheckingEnvironment extends TestEnvironment {
  readonly #before = openResources();

  readonly #unheard: string[] = [];

  handleTestEvent(event: { name: string; error?: unknown; promise?: unknown }): void {
    if (event.name === 'error' && event.promise !== undefined) this.#unheard.push(String(event.error));
  }

  override async teardown(): Promise<void> {
    let leaks = this.#leaks();
    // What was closed in the last test may need a few turns of the event loop to be gone.
    for (let waited = 0; leaks.length > 0 && waited < grace; waited += 50) {
      await sleep(50);
      leaks = this.#leaks();
    }
    await super.teardown();
    if (this.#unheard.length > 0) throw new Error(`nobody listened to: ${this.#unheard.join(', ')}`);
    if (leaks.length > 0) throw new Error(`left open: ${leaks.join(', ')}`);
  }

  #leaks(): string[] {
    const before = this.#before;
    return [...openResources()]
      .filter(([type, count]) => count > (before.get(type) ?? 0))
      .map(([type]) => type);
  }
}

function openResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    if (!ofJestItself.has(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ruleFile } from '../../grafana/alerts/rule-file.ts';
import { ROUTE } from '../demo/service-config.ts';
import { setStage } from '../demo/stage.ts';
import { randomFrom } from '../seeded-random.ts';
import { type Prometheus, startPrometheus } from '../stack/prometheus.ts';
import type { Stack } from '../stack/stack.ts';
import { type Grafana, installedGrafana, startGrafana } from './grafana.ts';
import { Warehouse } from './warehouse.ts';
import { type Weather, weatherAt } from './weather.ts';

const KEYS = 500;
const ORDERS_PER_SECOND = 100;
const SLICE_MS = 100;

/** The service at work, with Prometheus looking at it. */
export interface Scene extends AsyncDisposable {
  readonly service: string;
  readonly prometheus: Prometheus;
  readonly grafana: Grafana | undefined;
  /** Sends orders in every weather until the signal is given; `onChange` is told of each, with the seconds since the start. */
  run(signal: AbortSignal, onChange: (seconds: number, weather: Weather) => void): Promise<void>;
}

/** @param path Where commands are looked for. */
export async function setScene(stack: Stack, path: string): Promise<Scene> {
  const opened: AsyncDisposable[] = [];
  const open = async <Resource extends AsyncDisposable>(opening: Promise<Resource>): Promise<Resource> => {
    const resource = await opening;
    opened.unshift(resource);
    return resource;
  };
  const close = async (): Promise<void> => {
    for (const resource of opened.splice(0)) await resource[Symbol.asyncDispose]();
  };
  let weather = weatherAt(0);
  try {
    const { brokers, names, producer, service, startService } = await open(
      setStage(stack, { seed: 0, poisonKey: '' }),
    );
    await startService();
    const targets = [new URL(service.base).host];
    const rules = { 'retry-orchestrator': ruleFile() };
    const prometheus = await open(startPrometheus({ targets, labels: { namespace: 'watch' }, rules }));
    const command = installedGrafana(path);
    const grafana = command === undefined ? undefined : await open(startGrafana(command, prometheus.url));
    await open(
      Warehouse.open({ brokers, names, route: ROUTE, service: service.base, weather: () => weather }),
    );
    return {
      ...{ service: service.base, prometheus, grafana },
      run: async (signal, onChange) => {
        const begun = performance.now();
        const random = randomFrom(1);
        for (let seq = 0; !signal.aborted;) {
          const seconds = (performance.now() - begun) / 1_000;
          const now = weatherAt(seconds);
          if (seq === 0 || now !== weather) onChange(seconds, now);
          weather = now;
          const count = (ORDERS_PER_SECOND * SLICE_MS) / 1_000;
          const orders = Array.from({ length: count }, () => ({
            key: `order-${Math.floor(random() * KEYS)}`,
            seq: ++seq,
          }));
          await producer.produce(orders, 10_000, signal).catch((error: unknown) => {
            if (!signal.aborted) throw error;
          });
          // Nobody checks them, and this may run all night.
          producer.sent.length = 0;
          await sleep(SLICE_MS, undefined, { signal }).catch(() => undefined);
        }
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

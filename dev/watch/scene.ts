import { ruleFile } from '../../grafana/alerts/rule-file.ts';
import { ROUTE } from '../demo/service-config.ts';
import { setStage } from '../demo/stage.ts';
import { type Prometheus, startPrometheus } from '../stack/prometheus.ts';
import type { Stack } from '../stack/stack.ts';
import { type Grafana, installedGrafana, startGrafana } from './grafana.ts';
import { sendOrders } from './send-orders.ts';
import { Warehouse } from './warehouse.ts';
import { type Weather, weatherAt } from './weather.ts';

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
      run: (signal, onChange) => {
        let isFirst = true;
        return sendOrders(producer, signal, (seconds) => {
          const now = weatherAt(seconds);
          if (isFirst || now !== weather) onChange(seconds, now);
          isFirst = false;
          weather = now;
        });
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

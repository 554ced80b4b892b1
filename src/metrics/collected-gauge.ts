import { Gauge, type Registry } from 'prom-client';
import type { Definition } from './definition.ts';

/** Makes gauges that are read anew at each scrape. */
export type MakeGauge = (
  definition: Definition,
  labelNames: readonly string[],
  collect: (gauge: Gauge) => void,
) => void;

export function collectedGauges(register: Registry, prefix: string): MakeGauge {
  return ({ name, help }, labelNames, collect) => {
    new Gauge({
      ...{ name: prefix + name, help, labelNames: [...labelNames], registers: [register] },
      collect() {
        // What was there at the scrape before may be gone.
        this.reset();
        collect(this);
      },
    });
  };
}

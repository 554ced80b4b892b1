import type { Registry } from 'prom-client';
import { collectedGauges } from './collected-gauge.ts';
import { processDefinitions } from './process-definitions.ts';

/** What a replica knows of itself. Read anew at each scrape, out of memory: a scrape asks nobody. */
export interface ProcessReadings {
  readonly redisUp: boolean;
  /** Until each expires, seconds; by whose it is. */
  readonly certificates: ReadonlyMap<string, number>;
}

export interface ProcessGauges {
  /** From now on this is what they show. */
  read(readings: ProcessReadings): void;
}

/** Gauges of the process that are read at each scrape. */
export function createProcessGauges(register: Registry, prefix: string): ProcessGauges {
  let readings: ProcessReadings = { redisUp: false, certificates: new Map() };
  const gauge = collectedGauges(register, prefix);
  gauge(processDefinitions.redisUp, [], (redisUp) => {
    redisUp.set(readings.redisUp ? 1 : 0);
  });
  gauge(processDefinitions.certificateExpiry, ['target'], (expiry) => {
    for (const [target, seconds] of readings.certificates) expiry.set({ target }, seconds);
  });
  return {
    read: (given) => {
      readings = given;
    },
  };
}

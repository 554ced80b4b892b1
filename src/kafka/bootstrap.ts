import type { Config } from '../config/config.ts';

export interface Broker {
  readonly host: string;
  readonly port: number;
}

/** The brokers as the configuration names them. */
export function bootstrapOf({ kafka }: Pick<Config, 'kafka'>): Broker[] {
  return kafka.brokers.map((address) => {
    const [, host = address, port = '9092'] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
    return { host, port: Number(port) };
  });
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = join(import.meta.dirname, '../../grafana/dashboards');

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: {
    readonly defaults?: { readonly unit?: string };
    readonly overrides?: readonly {
      readonly matcher: { readonly options: unknown };
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly instant?: boolean;
  }[];
}

export interface DashboardJson {
  readonly file: string;
  readonly panels: readonly PanelJson[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: unknown }[];
  };
}

/** The dashboards as they are delivered. */
export function dashboards(): DashboardJson[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'));
  return files.map((file) => {
    const dashboard = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Omit<DashboardJson, 'file'>;
    return { ...dashboard, file };
  });
}

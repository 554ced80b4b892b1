import type { Meanings, Unit } from '../../../grafana/source/panel.ts';

/** A value as a person reads it. */
export function shown(value: number, unit: Unit, meanings?: Meanings): string {
  if (!Number.isFinite(value)) return '–';
  const meaning = meanings?.[value];
  if (meaning !== undefined) return meaning.text;
  switch (unit) {
    case 's':
      return seconds(value);
    case 'bytes':
      return scaled(value, 1_024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
    case 'percentunit':
      return `${digits(value * 100)} %`;
    case 'ops':
    case 'reqps':
      return `${digits(value)}/s`;
    case 'short':
    case 'none':
    case 'string':
      return digits(value);
  }
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < 0.001) return `${digits(value * 1e6)} µs`;
  if (size > 0 && size < 1) return `${digits(value * 1_000)} ms`;
  if (size < 120) return `${digits(value)} s`;
  return size < 7_200 ? `${digits(value / 60)} min` : `${digits(value / 3_600)} h`;
}

function scaled(value: number, step: number, names: readonly string[]): string {
  const power = Math.min(names.length - 1, value < step ? 0 : Math.floor(Math.log(value) / Math.log(step)));
  return `${digits(value / step ** power)} ${names[power] ?? ''}`;
}

function digits(value: number): string {
  const fraction = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  // Not "-0".
  const rounded = Number(value.toFixed(fraction)) || 0;
  return rounded.toLocaleString('en-US', { maximumFractionDigits: fraction });
}

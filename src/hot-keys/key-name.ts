import type { Unit } from '../domain/unit.ts';

/** A key of one partition as text, by which it is counted. */
export function keyName(unit: Unit, partition: number): string {
  return `${String(partition)} ${unit.toString('latin1')}`;
}

export function namedKey(name: string): { unit: Unit; partition: number } {
  const space = name.indexOf(' ');
  return { unit: Buffer.from(name.slice(space + 1), 'latin1'), partition: Number(name.slice(0, space)) };
}

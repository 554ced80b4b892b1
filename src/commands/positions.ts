import { CommandError, EXIT } from './api/command-error.ts';

export interface Position {
  readonly partition: number;
  readonly offset: number;
}

const FORM = /^(\d{1,9})[/:](\d{1,15})$/;

/** `3/41`: partition and offset in the dead-letter topic, as the listing shows them. */
export function positionOf(text: string): Position {
  const [, partition, offset] = FORM.exec(text) ?? [];
  if (partition === undefined || offset === undefined) {
    throw new CommandError(
      EXIT.usage,
      `${text} is no place like 3/41: partition and offset, as in the listing`,
    );
  }
  return { partition: Number(partition), offset: Number(offset) };
}

export function isPosition(text: string): boolean {
  return FORM.test(text);
}

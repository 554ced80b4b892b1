import { InvalidArgumentError } from 'commander';

/** Reads an option that is a number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('it should be a whole number.');
  return Number(text);
}

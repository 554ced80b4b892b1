// What is produced and what fails, from the seed alone: the consumers decide it by themselves, in processes of their
// own, and a run can be repeated.
import { hash, randomFrom } from '../seeded-random.ts';

/** One message to be: `seq` counts from 1 within its key. */
export interface Order {
  readonly key: string;
  readonly seq: number;
}

export interface Plan {
  readonly orders: readonly Order[];
  /** The key whose every message fails every time. */
  readonly poisonKey: string;
  /** How many messages have that key. */
  readonly poisoned: number;
}

/** How many of the other messages fail before they succeed. */
const FAILING_SHARE = 0.03;
const MOST_FAILURES = 3;

/** Each takes all its attempts, one message after the other: about 2.2 s. With more of them they are what one waits for. */
const POISONED = 8;

export function planOf({ messages, keys, seed }: { messages: number; keys: number; seed: number }): Plan {
  const random = randomFrom(seed);
  const key = (index: number): string => `order-${index + 1}`;
  const poison = Math.floor(random() * keys);
  // Spread over the first half, so that the last of them does not begin when all else is done.
  const apart = Math.max(1, Math.floor(messages / 2 / POISONED));
  const sequence = new Map<string, number>();
  let poisoned = 0;
  const orders = Array.from({ length: messages }, (_, index): Order => {
    const isPoison = index % apart === 0 && poisoned < POISONED;
    if (isPoison) poisoned += 1;
    const others = Math.floor(random() * (keys - 1));
    const name = key(isPoison ? poison : (poison + 1 + others) % keys);
    const seq = (sequence.get(name) ?? 0) + 1;
    sequence.set(name, seq);
    return { key: name, seq };
  });
  return { orders, poisonKey: key(poison), poisoned };
}

/** How many attempts at a message fail before one succeeds. */
export function failuresOf(
  { key, seq }: Order,
  { seed, poisonKey }: { seed: number; poisonKey: string },
): number {
  if (key === poisonKey) return Infinity;
  const random = randomFrom(hash(`${seed}/${key}/${seq}`));
  return random() < FAILING_SHARE ? 1 + Math.floor(random() * MOST_FAILURES) : 0;
}

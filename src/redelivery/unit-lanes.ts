import type { Unit } from '../domain/unit.ts';

/** Something of a unit on its way out. */
export interface Passenger {
  /**
   * Can it go now? `front`: it is the next one of its unit, and would hold up the others.
   * `gone`: it does not go at all, and neither does what follows it.
   */
  readonly state: 'ready' | 'waiting' | 'gone';
  /** It is its turn, and it can go. */
  go(): void;
  /** It is its turn, and it can't go yet. */
  hurry(): void;
  /** One before it does not go. */
  leave(): void;
}

/** Keeps the order of a unit where some of its messages have to be read first. Other units know nothing of it. */
export class UnitLanes {
  readonly #lanes = new Map<string, Passenger[]>();

  /** Somebody of the unit waits: whoever comes has to wait behind him. */
  has(unit: Unit): boolean {
    return this.#lanes.size > 0 && this.#lanes.has(nameOf(unit));
  }

  join(unit: Unit, passenger: Passenger): void {
    const name = nameOf(unit);
    const lane = this.#lanes.get(name);
    if (lane === undefined) this.#lanes.set(name, [passenger]);
    else lane.push(passenger);
  }

  isFront(unit: Unit, passenger: Passenger): boolean {
    return this.#lanes.get(nameOf(unit))?.[0] === passenger;
  }

  /** Lets go whoever can. */
  advance(unit: Unit): void {
    const name = nameOf(unit);
    const lane = this.#lanes.get(name) ?? [];
    for (let front = lane[0]; front !== undefined; front = lane[0]) {
      if (front.state === 'waiting') {
        front.hurry();
        return;
      }
      lane.shift();
      if (front.state === 'ready') front.go();
      else for (const behind of lane.splice(0)) behind.leave();
    }
    this.#lanes.delete(name);
  }

  /** Nobody goes any more. */
  clear(): void {
    const all = [...this.#lanes.values()].flat();
    this.#lanes.clear();
    for (const passenger of all) passenger.leave();
  }
}

function nameOf(unit: Unit): string {
  return unit.toString('latin1');
}

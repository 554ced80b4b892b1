import fc from 'fast-check';
import { admit, askAgain, claim, comeBehind, handle, meet, renew, tell } from './consumer-steps.ts';
import {
  acknowledge,
  act,
  bury,
  keep,
  comeBack,
  evidence,
  ingest,
  lose,
  produce,
  readOn,
  publish,
  redrive,
  release,
  stopReading,
  takeOver,
  withdraw,
} from './owner-steps.ts';
import type { Run, World } from './world.ts';

/** One thing that happens. It draws what it needs from numbers, so that every sequence of steps makes sense. */
class Step implements fc.AsyncCommand<object, World> {
  readonly #name: string;
  readonly #picks: readonly number[];
  readonly #run: Run;

  constructor(name: string, picks: readonly number[], run: Run) {
    this.#name = name;
    this.#picks = picks;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(_: object, world: World): Promise<void> {
    await this.#run(world, this.#picks);
    if (!OUTSIDE.has(this.#run)) await world.compare();
  }

  toString(): string {
    return `${this.#name}(${this.#picks.join(',')})`;
  }
}

const wait: Run = async (world, [ms = 0]) => {
  world.pass([1, 100, 700, 1_000, 2_000, 4_000, 9_000][ms % 7] ?? 0);
};

/** What a route does all day: time passes, what is due is sent, and its consumer handles it. */
const cycle: Run = async (world, [ms = 0, times = 0, failing = 0]) => {
  for (let i = 0; i <= times % 4; i++) {
    await wait(world, [3 + (ms % 3)]);
    await release(world, [8]);
    await acknowledge(world, [4]);
    const ungated = world.model.policy.gated ? null : comeBack;
    await (ungated ?? handle)(world, [failing + i, failing + times + i]);
  }
};

/** A key is locked and all behind its first failure lies in the box. */
const fill: Run = async (world, [first = 0, count = 0]) => {
  if (world.model.policy.gated) {
    await meet(world, [first, count]);
    await publish(world, [8, 1]);
  } else {
    for (let i = 0; i <= count % 7; i++) await produce(world, [2, first + i, i === 0 ? 1 : 4]);
    world.next += count % 4;
  }
  await ingest(world, [8, 1]);
};

/** All that is left of a key is in flight while its next records come; what becomes of the one is what the others wait for. */
const tail: Run = async (world, [count = 0, end = 0, patience = 0]) => {
  if (!world.model.policy.gated) return;
  if (count % 2 === 0) await tell(world, [0, 1]);
  for (let i = 0; i <= count % 4; i++) {
    await publish(world, [8, 1]);
    await ingest(world, [8, 1]);
    await cycle(world, [2, 0, 8]);
  }
  await wait(world, [5]);
  await release(world, [8]);
  await acknowledge(world, [4]);
  await comeBehind(world, [count, patience + 1]);
  if (end % 3 > 0) await handle(world, [end, end + 1]);
  await askAgain(world, [patience]);
};

/** Redis has no room while failures come in; afterwards what they left behind is read. */
const storm: Run = async (world, [first = 0, count = 0, end = 0]) => {
  await stopReading(world, []);
  if (end % 2 === 0) await claim(world, [end, 1, 1, 0, 1, 1]);
  await meet(world, [first, count]);
  if (count % 2 === 0) await cycle(world, [first, 1, end]);
  if (end % 4 === 0) return;
  await publish(world, [8, first]);
  await readOn(world, [end]);
  await ingest(world, [8, 1]);
  await claim(world, [end, 1, 1, 0, end, 1]);
};

/** These do not touch the box: there is nothing to compare after them. */
const OUTSIDE = new Set<Run>([wait, produce, publish, redrive]);

/** How often something happens, what, and from how many numbers. */
const HAPPENINGS: readonly (readonly [weight: number, name: string, run: Run, picks: number])[] = [
  [1, 'claim', claim, 6],
  [1, 'renew', renew, 1],
  [2, 'admit', admit, 4],
  [2, 'tell', tell, 3],
  [2, 'meet', meet, 2],
  [2, 'comeBehind', comeBehind, 2],
  [1, 'askAgain', askAgain, 1],
  [3, 'handle', handle, 2],
  [3, 'publish', publish, 2],
  [1, 'produce', produce, 3],
  [1, 'redrive', redrive, 3],
  [3, 'ingest', ingest, 2],
  [3, 'release', release, 1],
  [2, 'acknowledge', acknowledge, 1],
  [1, 'withdraw', withdraw, 2],
  [2, 'bury', bury, 0],
  [1, 'keep', keep, 0],
  [2, 'act', act, 3],
  [2, 'evidence', evidence, 3],
  [1, 'takeOver', takeOver, 1],
  [2, 'wait', wait, 1],
  [4, 'cycle', cycle, 3],
  [3, 'fill', fill, 2],
  [3, 'tail', tail, 3],
  [1, 'stopReading', stopReading, 0],
  [1, 'readOn', readOn, 1],
  [2, 'storm', storm, 3],
  [1, 'lose', lose, 1],
];

const number = fc.nat({ max: 999 });

export const steps = HAPPENINGS.flatMap(([weight, name, run, picks]) => {
  const step = fc
    .tuple(...Array.from({ length: picks }, () => number))
    .map((drawn) => new Step(name, drawn, run));
  return Array.from({ length: weight }, () => step);
});

/** A gate's first call is its claim. */
export function claimFirst(world: World): Promise<void> {
  return claim(world, [0, 1, 1, 0, 1, 1]);
}

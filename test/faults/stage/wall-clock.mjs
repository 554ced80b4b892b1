// Loaded before the service (`node --import`): its wall clock is wrong by as many ms as the file in WALL_CLOCK_OFFSET says.
// The file is read at the start and on SIGUSR2. Monotonic time and timers stay right, as when somebody sets a machine's clock.
import { readFileSync } from 'node:fs';

const file = process.env.WALL_CLOCK_OFFSET;
const RealDate = Date;
let offset = 0;

function readOffset() {
  offset = Number(readFileSync(file, 'utf8'));
}

const now = () => RealDate.now() + offset;

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, property) => (property === 'now' ? now : Reflect.get(target, property)),
});

readOffset();
process.on('SIGUSR2', readOffset);

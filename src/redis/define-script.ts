import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** What a script argument may be. */
export type Argument = string | number | Buffer;

/** What a script answers: strings come as buffers. */
export type Reply = Buffer | number | null | readonly Reply[];

/** A Lua script with its arguments and its answer typed. */
export interface Script<Args, Result> {
  readonly name: string;
  readonly lua: string;
  readonly argv: (args: Args) => Argument[];
  readonly decode: (reply: Reply) => Result;
}

/** In front of a script on hashes that goes on when Redis is full. */
const exceed = new URL('./lua/exceed.lua', import.meta.url);

/** As `readScript` does, for one that goes on when Redis is full: its first key is a hash. */
export function readExceedingScript(directory: URL, shared: readonly string[], file: string): string {
  return [readFileSync(exceed, 'utf8'), readScript(directory, shared, file)].join('\n');
}

/** Reads a script from a file, behind the files that all scripts share. */
export function readScript(directory: URL, shared: readonly string[], file: string): string {
  return [...shared, file].map((name) => readFileSync(new URL(name, directory), 'utf8')).join('\n');
}

/** Runs a script: EVALSHA, and EVAL where the server does not know it yet. */
export async function runScript<Args, Result>(
  redis: Redis,
  script: Script<Args, Result>,
  keys: readonly string[],
  args: Args,
): Promise<Result> {
  // The client keeps one number of keys for each command that it knows.
  const command = `ro_${script.name}_${String(keys.length)}`;
  const commands = redis as unknown as Record<string, ((...all: Argument[]) => Promise<Reply>) | undefined>;
  if (commands[`${command}Buffer`] === undefined) {
    redis.defineCommand(command, { numberOfKeys: keys.length, lua: script.lua });
  }
  const run = commands[`${command}Buffer`];
  if (run === undefined) throw new Error(`script ${script.name} could not be defined`);
  return script.decode(await run.call(redis, ...keys, ...script.argv(args)));
}
